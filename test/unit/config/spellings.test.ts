import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import { schemaAt } from '../../../src/config/schema-keys.ts';
import { spellings } from '../../../src/config/spellings.ts';
import { patternSteps } from '../../../src/config/tree-pattern.ts';
import { unsupported } from '../../../src/config/unsupported.ts';
import { loadText } from './load-text.ts';

const box = (settings: string) =>
  loadText(`providers: { box: { base_url: "http://a", ${settings} } }`).config.providers.box;
const model = (settings: string) => box(`models: [{ id: m, ${settings} }]`)?.models?.[0];

describe('foreign spellings of a provider', () => {
  it.each([
    ['api_format: openai', { api_protocol: { '*': ['chat_completions'] } }],
    ['api_format: anthropic', { api_protocol: { '*': ['messages'] } }],
    ['api_format: gemini', { api_protocol: { '*': ['generate_content'] } }],
    ['api_format: cohere', { api_protocol: { '*': ['cohere'] } }],
    ['api_format: bedrock', { type: 'bedrock', api_protocol: { '*': ['converse'] } }],
    ['api_format: azure', { type: 'azure', api_protocol: { '*': ['chat_completions'] } }],
    ['api_format: azure, type: openai', { type: 'openai', api_protocol: { '*': ['chat_completions'] } }],
    ['api_protocol: messages', { api_protocol: { '*': ['messages'] } }],
    ['api_protocol: [messages, responses]', { api_protocol: { '*': ['messages', 'responses'] } }],
    ['api_protocol: [{ "*": chat_completions }]', { api_protocol: { '*': ['chat_completions'] } }],
    [
      'api_protocol: [{ "a*": [messages] }, { "*": openai, "a*": responses }]',
      { api_protocol: { 'a*': ['responses'], '*': ['chat_completions'] } },
    ],
    ['api_protocol: { "gpt*": responses }', { api_protocol: { 'gpt*': ['responses'] } }],
    ['type: lmstudio', { type: 'lm_studio' }],
    ['type: lm-studio', { type: 'lm_studio' }],
    ['type: llama.cpp', { type: 'llamacpp' }],
    ['type: google', { type: 'gemini' }],
    ['models: [a, { id: b }]', { models: [{ id: 'a' }, { id: 'b' }] }],
    ['timeout: 5s', { default_timeout: 5_000 }],
    ['enabled: false', { active: false }],
    [
      'timeouts: { connect_secs: 1, read_secs: 2, total_secs: 3 }',
      { timeouts: { connect: 1_000, idle: 2_000, total: 3_000 } },
    ],
    ['aws_region: eu-west-1, aws_profile: dev', { settings: { region: 'eu-west-1', profile: 'dev' } }],
    ['project_id: p, location: l, api_version: "1"', { settings: { project: 'p', location: 'l', api_version: '1' } }],
    ['pricing: { input_per_mtok: 1, output_per_mtok: 2 }', { pricing: { input: 1, output: 2 } }],
  ])('%s', (written, meant) => {
    expect(box(written)).toEqual({ base_url: 'http://a', active: true, ...meant });
  });
});

describe('foreign spellings of a model', () => {
  it.each([
    ['provider_model_id: x', { upstream_id: 'x' }],
    ['api_protocol: messages', { api_protocol: ['messages'] }],
    ['api_protocol: [messages, openai]', { api_protocol: ['messages', 'chat_completions'] }],
    ['api_base: "http://b/v1"', { base_url: 'http://b/v1' }],
    ['context_length: 4096', { context: 4096 }],
    [
      'pricing: { input_micro_usd_per_token: 0.15, output_micro_usd_per_token: 0.6, cache_read_micro_usd_per_token: 0.07 }',
      { pricing: { input: 0.15, output: 0.6, cached_input: 0.07 } },
    ],
    ['pricing: { input_per_token: 1.5e-7, output_per_token: 6.0e-7 }', { pricing: { input: 0.15, output: 0.6 } }],
  ])('%s', (written, meant) => {
    expect(model(written)).toEqual({ id: 'm', ...meant });
  });
});

describe('foreign spellings elsewhere', () => {
  it('of endpoints, failover, keys, logging, discovery and defaults', () => {
    const { config } = loadText(`inherit_defaults: true
server: { log_level: debug }
discovery: { servers: [LM-Studio, llama.cpp] }
models:
  m: { endpoints: [{ provider: ollama, service_id: a }, { provider: vllm, model_id: b }] }
routing: { failover: { failover_on: [500] } }
auth: { keys: [{ name: k, key: s, models: gpt-4o }] }
`);
    expect(config.logging.level).toBe('debug');
    expect(config.discovery.servers).toEqual(['lm_studio', 'llamacpp']);
    expect(config.models.m?.endpoints).toEqual([
      { provider: 'ollama', model: 'a' },
      { provider: 'vllm', model: 'b' },
    ]);
    expect(config.routing.failover.on_status_codes).toEqual([500]);
    expect(config.auth.keys[0]?.models).toEqual(['gpt-4o']);
  });
});

describe('the tables', () => {
  const schemaOf = (pattern: string) =>
    schemaAt(
      configSchema,
      patternSteps(pattern).map((step) => (step === '[]' ? 0 : step)),
    );
  const joined = (at: string, name: string) => (at === '' ? name : `${at}.${name}`);

  it('lead to settings that exist', () => {
    for (const { at, to, action } of spellings) {
      if (action !== 'drop') expect(schemaOf(joined(at, to)), joined(at, to)).toBeDefined();
    }
  });

  it('give no foreign name to what is a setting of its own', () => {
    for (const { at, from, to } of spellings) {
      if (from !== to) expect(schemaOf(joined(at, from)), joined(at, from)).toBeUndefined();
    }
    for (const { setting } of unsupported) expect(schemaOf(setting), setting).toBeUndefined();
  });
});
