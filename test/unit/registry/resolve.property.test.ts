import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { operations } from '../../../src/core/model.ts';
import { ask, modelFacts, ollama, places, server, snapshot } from './sample.ts';

const crowded = snapshot({
  environment: { OPENAI_API_KEY: 'k', GROQ_API_KEY: 'k' },
  servers: [
    ollama('llama3.1:latest', 'qwen3:8b', 'big:120b-cloud'),
    server('http://192.168.1.9:8000', 'vllm', { state: 'down', models: [modelFacts('org/model')] }),
  ],
  listings: new Map([['openai', [modelFacts('gpt-4o')]]]),
  config: {
    models: {
      default: { endpoints: [{ provider: 'ollama', model: 'qwen3:8b' }, { provider: 'openai' }] },
      'x*y': { endpoints: [{ provider: 'openai' }] },
    },
    presets: { p: { model: 'default' } },
    variants: { v: { routing: { ignore: ['openai'] } } },
    routing: { failover: { providers: ['ollama', 'openai'] } },
  },
});

const word = fc.constantFrom(
  ...[
    'ollama',
    'openai',
    'groq',
    'vllm',
    'lm-studio',
    'llama3.1',
    'qwen3',
    '8b',
    'latest',
    'gpt-4o',
    'org',
    'model',
    'default',
  ],
  ...['p', 'v', 'local', 'auto', '*', '', '__proto__', 'constructor', 'LLAMA3.1', 'x', 'y', 'cloud'],
);
const name = fc
  .tuple(fc.constantFrom('', '@'), fc.array(fc.tuple(word, fc.constantFrom(':', '/', '')), { maxLength: 4 }))
  .map(([start, parts]) => start + parts.flat().join(''));

describe('any name whatever', () => {
  it('leads somewhere or nowhere, never both, and never further than it may', () => {
    const request = fc.record({
      model: fc.oneof(name, fc.string()),
      operation: fc.constantFrom(...operations),
      localOnly: fc.constantFrom(false, true, 'machine' as const),
      lock: fc.option(word, { nil: undefined }),
    });
    fc.assert(
      fc.property(request, ({ model, ...more }) => {
        const resolution = ask(crowded, model, more);
        expect(resolution.kind === 'found').toBe(resolution.candidates.length > 0);
        expect(new Set(places(resolution)).size).toBe(resolution.candidates.length);
        const isTrue = more.localOnly !== false;
        if (isTrue) expect(resolution.candidates.every((candidate) => candidate.model.isLocal)).toBe(true);
        if (more.localOnly === 'machine')
          expect(resolution.candidates.every(({ endpoint }) => endpoint.isLoopback)).toBe(true);
        const providers = new Set(resolution.candidates.map(({ endpoint }) => endpoint.providerId));
        if (resolution.isPinned) expect(providers.size).toBeLessThanOrEqual(1);
        if (resolution.kind === 'down-type') expect(resolution.down).toBeDefined();
        if (resolution.kind === 'none-left') expect(resolution.rejected).not.toHaveLength(0);
      }),
      { numRuns: 3_000 },
    );
  });
});
