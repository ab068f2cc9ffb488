import { describe, expect, it } from 'vitest';
import { catalogueKnowledge } from '../../../src/config/catalogue-knowledge.ts';
import { loadText, problemsOf } from './load-text.ts';

const sources = { isForbiddenHost: () => false, environment: {} };

describe('what the catalogue knows', () => {
  it('is whether a type needs an address', () => {
    const { hasBase } = catalogueKnowledge(sources);
    expect(['openai', 'ollama', 'gemini', 'bedrock'].every(hasBase)).toBe(true);
    expect(['azure', 'openai_compatible', 'nonsense'].some(hasBase)).toBe(false);
    const environment = { AZURE_OPENAI_ENDPOINT: 'https://x.openai.azure.com' };
    expect(catalogueKnowledge({ ...sources, environment }).hasBase('azure')).toBe(true);
  });

  it('is which providers may turn up without being declared', () => {
    const { isProviderId } = catalogueKnowledge({ ...sources, builtIn: ['demo'] });
    expect(['ollama', 'ollama-11435', 'lmstudio', 'groq', 'demo'].every(isProviderId)).toBe(true);
    expect(['custom', 'my-server', 'ollama-'].some(isProviderId)).toBe(false);
  });

  it('lets endpoints name built-in and discoverable providers', () => {
    const knowledge = catalogueKnowledge({ ...sources, builtIn: ['demo'] });
    const text = 'models: { m: { endpoints: [{ provider: demo, model: echo }, { provider: vllm-8001 }] } }';
    expect(problemsOf(() => loadText(text, { knowledge }))).toEqual([]);
    expect(problemsOf(() => loadText(text))).toHaveLength(1);
  });
});
