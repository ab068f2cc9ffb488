import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { operations } from '../../../src/core/model.ts';
import { maxNameLength, plainName, readingsOf } from '../../../src/registry/plain-name.ts';
import { ask, ollama, places, snapshot } from './sample.ts';

const openai = { api_base: 'https://api.openai.com/v1', api_key: 'k', models: [{ id: 'gpt-4o' }] };

/** A default that answers anything, and models that may not be answered by it. */
const config = {
  providers: { openai },
  models: {
    assistant: { endpoints: [{ provider: 'openai', model: 'gpt-4o' }] },
    private: { local_only: true, endpoints: [{ provider: 'ollama', model: 'llama3.1' }] },
    'diary-*': { local_only: true, endpoints: [{ provider: 'ollama', model: 'llama3.1' }] },
    'diary-public-*': { endpoints: [{ provider: 'openai', model: 'gpt-4o' }] },
  },
  presets: { hush: { model: 'private' }, coder: { model: 'assistant', routing: { only: ['ollama', 'openai'] } } },
  routing: { default_model: 'assistant' },
};
const servers = [ollama('llama3.1:latest', 'llama3.1:8b')];
const guarded = snapshot({ servers, config });

/** The same where all that could stand in for a name does. */
const open = snapshot({
  servers,
  config: {
    ...config,
    models: {
      ...config.models,
      '*': { endpoints: [{ provider: 'openai' }] },
      'p*': { endpoints: [{ provider: 'openai' }] },
    },
    routing: { ...config.routing, failover: { providers: ['openai', 'ollama'] } },
  },
});

describe('a name that is written otherwise', () => {
  it.each([
    ['private ', 'private'],
    ['\u200bprivate\ufeff', 'private'],
    ['pri\u00advate\u0000', 'private'],
    ['private:/ @', 'private'],
    ['/private', '/private'],
    ['org/my model:tag', 'org/my model:tag'],
    ['::', '::'],
    [' \u200b ', ''],
    ['', ''],
  ])('%j is plainly %j', (name, expected) => {
    expect(plainName(name)).toBe(expected);
  });

  it.each([
    ['gpt-4o', ['gpt-4o']],
    ['gpt-4o:latest', ['gpt-4o:latest', 'gpt-4o']],
    ['models/gpt-4o ', ['models/gpt-4o', 'gpt-4o']],
    ['registry.ollama.ai/library/m:LATEST/', ['registry.ollama.ai/library/m:LATEST', 'm:LATEST', 'm']],
    [' ', []],
  ])('%j may mean %j', (name, expected) => {
    expect(readingsOf(name)).toEqual(expected);
  });

  it('and is longer than any name is only itself', () => {
    const long = `${':x'.repeat(maxNameLength)}:`;
    expect([plainName(` ${long}`), readingsOf(long)]).toEqual([long, [long]]);
  });

  it.each([
    // It is the one that is known,
    ['assistant:latest', ['openai:gpt-4o']],
    [' Assistant/', ['openai:gpt-4o']],
    ['gpt-4o:latest', ['openai:gpt-4o']],
    ['models/gpt-4o', ['openai:gpt-4o']],
    ['GPT-4o ', ['openai:gpt-4o']],
    ['openai:gpt-4o:latest', ['openai:gpt-4o']],
    ['registry.ollama.ai/library/llama3.1', ['ollama:llama3.1:latest']],
    ['LLAMA3.1:8B', ['ollama:llama3.1:8b']],
    ['private:latest', ['ollama:llama3.1:latest']],
    ['PRIVATE', ['ollama:llama3.1:latest']],
    ['ollama:private', ['ollama:llama3.1:latest']],
    ['Diary-1 ', ['ollama:llama3.1:latest']],
    ['@Hush:latest', ['ollama:llama3.1:latest']],
    ['llama3.1:LOCAL', ['ollama:llama3.1:latest']],
    ['llama3.1:local:latest', ['ollama:llama3.1:latest']],
    ['@coder/auto', ['openai:gpt-4o', 'ollama:llama3.1:latest', 'ollama:llama3.1:8b']],
    ['@coder/gpt-4o', ['openai:gpt-4o']],
    ['AUTO:latest', ['openai:gpt-4o', 'ollama:llama3.1:latest', 'ollama:llama3.1:8b']],
    // or a name of its own that the default answers,
    ['mistral-small', ['openai:gpt-4o']],
    ['pirate', ['openai:gpt-4o']],
    ['diary-public-1', ['openai:gpt-4o']],
  ])('as in %j goes to %j', (name, expected) => {
    expect(places(ask(guarded, name))).toEqual(expected);
  });

  it.each([
    // or nothing: a tag says another model,
    ...['assistant:x', 'gpt-4o:x', 'llama3.1:70b', 'LLAMA3.1:70b', 'private:x', 'private:cost', 'openai:private:x'],
    // and what looks like a restricted name, or may be one mistyped, is not for a default.
    ...[
      'рrivate',
      'ｐｒｉｖａｔｅ',
      'x/private',
      'private-v2',
      'prviate',
      'diary',
      'my-diary-1',
      'x:diary-1',
      'hush',
      'coder:x',
    ],
    ...[
      'nobody:local',
      'nobody:locl',
      ':local',
      '@nobody',
      '@hush/nobody',
      '@hush/auto',
      '@coder/nobody',
      'x'.repeat(maxNameLength + 1),
    ],
  ])('as in %j leads nowhere', (name) => {
    expect(ask(guarded, name)).toMatchObject({ kind: 'unknown', candidates: [] });
  });

  it('leads to near names', () => {
    expect(ask(guarded, 'private:x').near).toContain('private');
    expect(ask(guarded, 'llama3.1:70b').near).toContain('llama3.1:8b');
  });

  it('of a restricted model wins over a pattern and over a model of a provider that looks alike', () => {
    const both = snapshot({
      servers: [ollama('llama3.1:latest')],
      config: {
        providers: { openai: { ...openai, models: [{ id: 'Private' }, { id: 'private:latest' }] } },
        models: {
          private: { local_only: true, endpoints: [{ provider: 'ollama', model: 'llama3.1' }] },
          'p*': { endpoints: [{ provider: 'openai' }] },
        },
      },
    });
    for (const name of ['Private', 'private:latest', 'PRIVATE:latest', ' private']) {
      expect(places(ask(both, name)), name).toEqual(['ollama:llama3.1:latest']);
    }
    expect(places(ask(both, 'private:x'))).toEqual([]);
    expect(places(ask(both, 'public'))).toEqual(['openai:public']);
    // Whoever names the provider and a model that it lists means that one.
    expect(places(ask(both, 'openai:Private'))).toEqual(['openai:Private']);
  });
});

/** Ways in which a client or a person may change a name; each keeps it recognisable. */
const changes: readonly ((name: string) => string)[] = [
  (name) => name.toUpperCase(),
  (name) => `${name}:latest`,
  (name) => `${name}:x`,
  (name) => `${name}:local`,
  (name) => `${name}/`,
  (name) => ` ${name}\n`,
  (name) => `models/${name}`,
  (name) => `openai/${name}`,
  (name) => `openai:${name}`,
  (name) => `nobody:${name}`,
  (name) => `\u200b${name}`,
  (name) => `${name.slice(0, 3)}\u2060${name.slice(3)}`,
  (name) => name.replace('a', 'а'),
  (name) => encodeURIComponent(`${name} `),
  (name) => `"${name}"`,
];

describe('a restricted name, however it is changed', () => {
  it('never leads out of the network', () => {
    const request = fc.record({
      name: fc.constantFrom('private', 'diary-1', '@hush', 'gpt-4o:local', 'nobody:local'),
      by: fc.array(fc.constantFrom(...changes), { maxLength: 4 }),
      operation: fc.constantFrom(...operations),
      lock: fc.constantFrom(undefined, 'openai', 'ollama'),
    });
    fc.assert(
      fc.property(request, ({ name, by, operation, lock }) => {
        const model = by.reduce<string>((text, change) => change(text), name);
        for (const from of [guarded, open]) {
          const { candidates } = ask(from, model, { operation, lock });
          expect(candidates.filter((candidate) => !candidate.model.isLocal).length, JSON.stringify(model)).toBe(0);
        }
      }),
      { numRuns: 5_000 },
    );
  });
});
