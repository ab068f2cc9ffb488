import { describe, expect, it } from 'vitest';
import { exactBase } from '../../../src/config/base-url.ts';

describe('exactBase', () => {
  it.each([
    ['http://localhost:11434', '/v1', 'http://localhost:11434/v1'],
    ['http://localhost:11434/', '/v1', 'http://localhost:11434/v1'],
    ['http://localhost:8000/v1', '/v1', 'http://localhost:8000/v1'],
    ['http://localhost:8000/v1/', '/v1', 'http://localhost:8000/v1'],
    ['http://localhost:8000/v2', '/v1', 'http://localhost:8000/v2'],
    ['http://localhost:8000/openai/v1', '/v1', 'http://localhost:8000/openai/v1'],
    ['https://api.groq.com/openai', '/v1', 'https://api.groq.com/openai/v1'],
    ['https://api.groq.com/openai', '/openai/v1', 'https://api.groq.com/openai/v1'],
    ['https://api.groq.com', '/openai/v1', 'https://api.groq.com/openai/v1'],
    ['https://api.deepinfra.com/v1', '/v1/openai', 'https://api.deepinfra.com/v1/openai'],
    ['https://generativelanguage.googleapis.com', '/v1beta', 'https://generativelanguage.googleapis.com/v1beta'],
    ['https://generativelanguage.googleapis.com/v1', '/v1beta', 'https://generativelanguage.googleapis.com/v1'],
    ['https://x.example/v1beta', '/v1', 'https://x.example/v1beta'],
    ['http://v1', '/v1', 'http://v1/v1'],
    ['http://box/my-v1', '/v1', 'http://box/my-v1/v1'],
    ['http://box:8000', '', 'http://box:8000'],
  ])('base_url %s with prefix %s is %s', (base_url, prefix, expected) => {
    expect(exactBase({ base_url }, prefix)).toBe(expected);
  });

  it('leaves api_base as it is, but for slashes at its end', () => {
    expect(exactBase({ api_base: 'http://localhost:8080/' }, '/v1')).toBe('http://localhost:8080');
    expect(exactBase({ api_base: 'http://localhost:8080/v1' }, '/v1')).toBe('http://localhost:8080/v1');
  });

  it('is undefined without either', () => {
    expect(exactBase({}, '/v1')).toBeUndefined();
  });
});
