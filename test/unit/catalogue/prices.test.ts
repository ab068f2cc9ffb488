import { describe, expect, it } from 'vitest';
import { providerType } from '../../../src/catalogue/catalogue.ts';
import file from '../../../src/catalogue/prices.json' with { type: 'json' };
import { listPrice, pricedTypes } from '../../../src/catalogue/prices.ts';

describe('the shipped price list', () => {
  it('is dated, and of types that the catalogue knows', () => {
    expect(new Date(file.asOf).getTime()).toBeGreaterThan(Date.UTC(2026, 0, 1));
    for (const type of pricedTypes()) expect(providerType(type)?.id).toBe(type);
    for (const type of [
      'openai',
      'anthropic',
      'gemini',
      'vertex',
      'mistral',
      'cohere',
      'groq',
      'deepseek',
      'xai',
      'together',
    ])
      expect(pricedTypes()).toContain(type);
  });

  it('asks no more for cached input than for input', () => {
    for (const [provider, { models }] of Object.entries(file.providers)) {
      for (const [id, price] of Object.entries<{ input: number; cached_input?: number }>(models))
        expect(price.cached_input ?? 0, `${provider} ${id}`).toBeLessThanOrEqual(price.input);
    }
  });

  it.each([
    ['openai', 'gpt-4o', 2.5, 10],
    ['openai', 'gpt-4o-mini', 0.15, 0.6],
    ['openai', 'gpt-4o-2024-11-20', 2.5, 10],
    ['openai', 'gpt-4o-2024-05-13', 5, 15],
    ['openai', 'text-embedding-3-small', 0.02, 0],
    ['anthropic', 'claude-sonnet-4-5-20250929', 3, 15],
    ['claude', 'claude-3-5-haiku-latest', 0.8, 4],
    ['google', 'models/gemini-2.5-pro', 1.25, 10],
    ['vertex', 'gemini-2.5-flash-lite', 0.1, 0.4],
    ['gemini', 'gemini-1.5-flash-8b-001', 0.0375, 0.15],
    ['groq', 'llama-3.3-70b-versatile', 0.59, 0.79],
    ['together', 'meta-llama/Llama-3.3-70B-Instruct-Turbo', 0.88, 0.88],
  ])('%s %s', (type, model, input, output) => {
    expect(listPrice(type, model)).toMatchObject({ input, output });
  });

  it('knows no price for a model that nobody lists, nor for servers of one’s own', () => {
    expect(listPrice('openai', 'gpt-4o-custom')).toBeUndefined();
    expect(listPrice('openai', 'constructor')).toBeUndefined();
    for (const type of ['openai_compatible', 'ollama', 'vllm', 'litellm'])
      expect(listPrice(type, 'gpt-4o')).toBeUndefined();
  });
});
