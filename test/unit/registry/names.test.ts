import { describe, expect, it } from 'vitest';
import { ollamaNames, typeFromName } from '../../../src/registry/alias.ts';
import { matchesPattern, splitFirst, splitLast } from '../../../src/registry/names.ts';
import { nearNames } from '../../../src/registry/near.ts';

describe('names', () => {
  it.each([
    ['a:b:c', ['a', 'b:c'], ['a:b', 'c']],
    [':b', undefined, undefined],
    ['a:', undefined, undefined],
    ['ab', undefined, undefined],
  ] as const)('%s is split at the first and last colon', (name, first, last) => {
    expect(splitFirst(name, ':')).toEqual(first);
    expect(splitLast(name, ':')).toEqual(last);
  });

  it.each([
    ['gpt-*', 'gpt-4o', true],
    ['gpt-*', 'gpt-', true],
    ['gpt-*', 'my-gpt-4o', false],
    ['*-mini', 'gpt-4o-mini', true],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'acb', false],
    ['a*a', 'a', false],
    ['*', '', true],
    ['plain', 'plain', true],
    ['plain', 'plain2', false],
    ['a.c', 'abc', false],
  ] as const)('pattern %s on %s: %s', (pattern, name, expected) => {
    expect(matchesPattern(pattern, name)).toBe(expected);
  });

  it('of Ollama go with and without tag and library', () => {
    expect(ollamaNames('llama3.1')).toEqual(['llama3.1:latest', 'library/llama3.1', 'library/llama3.1:latest']);
    expect(ollamaNames('llama3.1:latest')).toContain('llama3.1');
    expect(ollamaNames('llama3.1:8b')).toEqual(['library/llama3.1:8b']);
    expect(ollamaNames('org/m')).toEqual(['org/m:latest']);
    expect(ollamaNames('registry.ollama.ai/library/m:1')).toContain('m:1');
  });

  it.each([
    ['text-embedding-3-small', 'embedding'],
    ['whisper-1', 'transcription'],
    ['tts-1-hd', 'speech'],
    ['gpt-image-1', 'image'],
    ['rerank-v3.5', 'rerank'],
    ['gpt-4o-audio-preview', 'unknown'],
    ['gpt-4o', 'unknown'],
  ])('%s is for %s', (name, type) => {
    expect(typeFromName(name)).toBe(type);
  });
});

describe('near names', () => {
  const known = ['gpt-4o', 'gpt-4o-mini', 'llama3.1:8b', 'qwen3:4b'];

  it.each([
    ['gpt4o', ['gpt-4o']],
    ['GPT-4O', ['gpt-4o', 'gpt-4o-mini']],
    ['llama3.1', ['llama3.1:8b']],
    ['qwen3:8b', ['qwen3:4b']],
    ['gpt-o4', ['gpt-4o']],
    ['completely-other', []],
  ])('of %s are %j', (name, expected) => {
    expect(nearNames(name, known)).toEqual(expected);
  });
});
