import { describe, expect, it } from 'vitest';
import { listModels } from '../../../src/registry/list.ts';
import { modelFacts, ollama, server, snapshot } from './sample.ts';

const made = snapshot({
  servers: [
    server('http://127.0.0.1:11434', 'ollama', {
      models: [modelFacts('shared', { isLoaded: false, created: 5 }), modelFacts('mine:latest', { context: 4096 })],
    }),
    server('http://127.0.0.1:8000', 'vllm', {
      state: 'down',
      models: [modelFacts('gone'), modelFacts('shared', { isLoaded: true })],
    }),
  ],
  config: {
    providers: {
      openai: { api_key: 'k', models: [{ id: 'gpt-4o', context: 128000 }, { id: 'shared' }] },
      groq: { models: [{ id: 'keyless' }] },
    },
    models: {
      default: {
        endpoints: [
          { provider: 'ollama', model: 'mine' },
          { provider: 'openai', model: 'gpt-4o' },
        ],
      },
      'gpt-*': { endpoints: [{ provider: 'openai' }] },
    },
  },
});

describe('the list of models', () => {
  it('has one entry a bare name: virtual first, then by provider; no patterns, nothing that is down or off', () => {
    expect(listModels(made).map(({ id, ownedBy, providers }) => [id, ownedBy, providers])).toEqual([
      ['default', 'router', ['ollama', 'openai']],
      ['gpt-4o', 'openai', ['openai']],
      ['shared', 'openai', ['openai', 'ollama']],
      ['mine:latest', 'ollama', ['ollama']],
    ]);
  });

  it('tells what is known of each', () => {
    const [virtual, gpt, shared] = listModels(made);
    expect(virtual).toMatchObject({ isVirtual: true, context: 4096, type: 'chat', isLocal: true });
    expect(gpt).toMatchObject({ isVirtual: false, context: 128000, isLocal: false, isLoaded: undefined, created: 0 });
    expect(shared).toMatchObject({ isLoaded: false, created: 5, isLocal: true });
  });

  it("is cut to a key's models", () => {
    expect(listModels(made, ['gpt-*', 'def*']).map(({ id }) => id)).toEqual(['default', 'gpt-4o']);
    expect(listModels(made, [])).toEqual([]);
  });

  it('is the same each time', () => {
    const once = snapshot({ servers: [ollama('b', 'a')] });
    expect(listModels(once).map(({ id }) => id)).toEqual(['b', 'a']);
  });
});
