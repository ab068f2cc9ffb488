import { describe, expect, it } from 'vitest';
import {
  genericType,
  hostMatches,
  keyVariableHosts,
  providerType,
  providerTypeOfHost,
  providerTypes,
} from '../../../src/catalogue/catalogue.ts';

describe('the catalogue of providers', () => {
  it('gives every word to one type only', () => {
    const seen = new Map<string, string>();
    for (const type of providerTypes()) {
      for (const word of [type.id, ...type.aliases]) {
        expect(seen.get(word), `"${word}" stands in two rows`).toBeUndefined();
        seen.set(word, type.id);
        expect(providerType(word)?.id).toBe(type.id);
      }
    }
  });

  it.each(providerTypes().map((type) => [type.id, type] as const))('has a sound row for %s', (_id, type) => {
    if (type.baseUrl !== undefined) {
      expect(type.baseUrl.endsWith('/')).toBe(false);
      const filled = new URL(type.baseUrl.replaceAll(/\{\w+\}/g, 'x'));
      expect(filled.pathname === '/' ? '' : filled.pathname).toContain(type.versionPrefix);
      if (type.isLocal) expect(filled.port).toBe(String(type.defaultPort));
      else expect(type.hosts.some((pattern) => hostMatches(pattern, filled.hostname))).toBe(true);
    }
    if (type.isLocal) expect(type.startCommand).toBeDefined();
    if (!type.isLocal && type.id !== 'openai_compatible') expect(type.keyVariables).not.toHaveLength(0);
  });

  it('knows every type that a config file may name', () => {
    const words =
      'openai anthropic gemini google vertex cohere azure bedrock mistral groq together fireworks deepinfra deepseek xai perplexity cerebras openrouter huggingface nvidia ollama vllm lm_studio lmstudio lm-studio LM-Studio llamacpp llama.cpp sglang localai docker_model_runner koboldcpp jan';
    for (const word of words.split(' ')) expect(providerType(word), word).toBeDefined();
    expect(providerType('google')?.id).toBe('gemini');
    expect(providerType('llama.cpp')?.id).toBe('llamacpp');
    expect(providerType('nonsense')).toBeUndefined();
    expect(genericType().baseUrl).toBeUndefined();
  });

  it('tells which hosts a well-known key may go to', () => {
    expect(keyVariableHosts().get('OPENAI_API_KEY')).toContain('api.openai.com');
    expect(keyVariableHosts().get('GOOGLE_API_KEY')).toEqual(['generativelanguage.googleapis.com']);
    expect(keyVariableHosts().get('MY_KEY')).toBeUndefined();
  });

  it.each([
    ['api.openai.com', 'openai'],
    ['eu.api.openai.com', 'openai'],
    ['us-east5-aiplatform.googleapis.com', 'vertex'],
    ['res.openai.azure.com', 'azure'],
    ['bedrock-runtime.eu-west-1.amazonaws.com', 'bedrock'],
    ['vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com', 'bedrock'],
    ['abc.execute-api.us-east-1.amazonaws.com', undefined],
    ['bedrock-runtime.abc.execute-api.us-east-1.amazonaws.com', undefined],
    ['API.X.AI', 'xai'],
    ['evil-api.openai.com.example', undefined],
    ['notapi.openai.com', undefined],
  ])('recognises the owner of %s', (host, owner) => {
    expect(providerTypeOfHost(host)?.id).toBe(owner);
  });
});
