import { describe, expect, it } from 'vitest';
import { findProvider, type Provider, type Snapshot } from '../../../src/registry/snapshot.ts';
import { modelFacts, ollama, providerConfig, server, snapshot } from './sample.ts';

function provider(from: Snapshot, id: string): Provider {
  const found = from.providers.get(id);
  if (found === undefined) throw new Error(`no provider ${id}, only ${[...from.providers.keys()].join(', ')}`);
  return found;
}

const ids = (from: Provider) => from.offers.map(({ model }) => model.id);

describe('declared providers', () => {
  it.each([
    // id, config, exact base
    ['ollama', { base_url: 'http://10.0.0.5:11434' }, 'http://10.0.0.5:11434/v1'],
    ['ollama', { api_base: 'http://10.0.0.5:11434/v1/' }, 'http://10.0.0.5:11434/v1'],
    ['ollama', {}, 'http://127.0.0.1:11434/v1'],
    ['my-server', { base_url: 'http://inference.internal:8080' }, 'http://inference.internal:8080/v1'],
    ['my-server', { base_url: 'http://inference.internal:8080/v1' }, 'http://inference.internal:8080/v1'],
    ['my-server', { base_url: 'http://inference.internal/api/v3' }, 'http://inference.internal/api/v3'],
    ['groq', { api_key: 'k' }, 'https://api.groq.com/openai/v1'],
    ['groq', { api_key: 'k', base_url: 'https://api.groq.com/openai' }, 'https://api.groq.com/openai/v1'],
    ['gemini', { api_key: 'k', base_url: 'https://proxy.example' }, 'https://proxy.example/v1beta'],
    ['google', { api_key: 'k' }, 'https://generativelanguage.googleapis.com/v1beta'],
    ['perplexity', { api_key: 'k' }, 'https://api.perplexity.ai'],
    ['azure', { api_key: 'k', base_url: 'https://res.openai.azure.com' }, 'https://res.openai.azure.com/openai'],
    ['bedrock', { settings: { region: 'eu-west-1' } }, 'https://bedrock-runtime.eu-west-1.amazonaws.com'],
    ['bedrock', {}, 'https://bedrock-runtime.us-east-1.amazonaws.com'],
    ['docker', { type: 'docker_model_runner' }, 'http://127.0.0.1:12434/engines/v1'],
    [
      'vertex',
      { settings: { project: 'p', location: 'europe-west4' } },
      'https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/europe-west4/publishers/google',
    ],
    [
      'vertex',
      { settings: { project: 'p', location: 'global' } },
      'https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google',
    ],
    [
      'vertex',
      { settings: { project: 'p', location: 'eu' } },
      'https://aiplatform.eu.rep.googleapis.com/v1/projects/p/locations/eu/publishers/google',
    ],
    ['vertex', { api_key: 'k' }, 'https://aiplatform.googleapis.com/v1/publishers/google'],
    ['vertex', {}, ''],
  ] as const)('%s %j is at %s', (id, config, expected) => {
    expect(provider(snapshot({ config: { providers: { [id]: config } } }), id).endpoint.baseUrl).toBe(expected);
  });

  it.each([
    // id, config, type, protocols, auth
    ['lm-studio', { base_url: 'http://127.0.0.1:1234' }, 'lm_studio', ['chat_completions'], 'none'],
    ['x', { type: 'llama.cpp' }, 'llamacpp', ['chat_completions'], 'none'],
    ['x', { type: 'vllm', api_key: 'k' }, 'vllm', ['chat_completions'], 'bearer'],
    ['openai', { api_key: 'k' }, 'openai', ['chat_completions', 'responses'], 'bearer'],
    ['openai', { api_key: 'k', base_url: 'http://10.1.1.1:1' }, 'openai', ['chat_completions'], 'bearer'],
    ['claude', { api_key: 'k' }, 'anthropic', ['messages'], 'x-api-key'],
    ['work', { api_base: 'https://api.anthropic.com/v1', api_key: 'k' }, 'anthropic', ['messages'], 'x-api-key'],
    ['work', { api_base: 'https://unknown.example/v1', api_key: 'k' }, 'openai', ['chat_completions'], 'bearer'],
    ['bedrock', {}, 'bedrock', ['converse'], 'sigv4'],
    ['bedrock', { api_key: 'k' }, 'bedrock', ['converse'], 'bearer'],
    ['vertex', { settings: { project: 'p' } }, 'vertex', ['generate_content'], 'google'],
    [
      'azure',
      { api_key: 'k', api_base: 'https://r.openai.azure.com/openai' },
      'azure',
      ['chat_completions', 'responses'],
      'api-key',
    ],
  ] as const)('%s %j is a %s', (id, config, type, protocols, auth) => {
    const made = provider(snapshot({ config: { providers: { [id]: config } } }), id);
    expect(made).toMatchObject({ type, protocols, endpoint: { type, auth } });
  });

  it("keeps OpenAI's quirks from servers that only speak its protocol", () => {
    const made = snapshot({
      config: { providers: { openai: { api_key: 'k' }, other: { type: 'openai', base_url: 'http://10.0.0.1:1' } } },
    });
    expect(provider(made, 'openai').endpoint.quirks).toMatchObject({ tokenLimitField: 'max_completion_tokens' });
    expect(provider(made, 'other').endpoint.quirks).toEqual({});
  });

  it('sends a key of the environment to its owner only', () => {
    const made = snapshot({
      environment: { OPENAI_API_KEY: 'sk-real', GROQ_API_KEY: ' ' },
      config: { providers: { openai: {}, proxy: { type: 'openai', api_base: 'https://proxy.example/v1' }, groq: {} } },
    });
    expect(provider(made, 'openai').endpoint.credential?.reveal()).toBe('sk-real');
    expect(provider(made, 'proxy').endpoint).toMatchObject({ credential: undefined, auth: 'none' });
    expect(provider(made, 'proxy').state).toBe('unknown');
    expect(provider(made, 'groq')).toMatchObject({ state: 'needs-key', detail: 'set GROQ_API_KEY' });
  });

  it('are off when the file or a missing variable says so', () => {
    const made = snapshot({
      disabledProviders: new Map([['openai', 'OPENAI_API_KEY is not set']]),
      config: {
        providers: {
          openai: { models: [{ id: 'gpt-4o' }], active: false },
          off: { api_base: 'http://127.0.0.1:1/v1', active: false },
          nowhere: {},
        },
      },
    });
    expect(provider(made, 'openai')).toMatchObject({ state: 'disabled', detail: 'OPENAI_API_KEY is not set' });
    expect(provider(made, 'off').state).toBe('disabled');
    expect(provider(made, 'nowhere')).toMatchObject({ state: 'disabled', detail: 'no base URL: set api_base' });
    expect(made.byId.size).toBe(0);
  });

  it('bring protocols by the most specific pattern, and prices for their models', () => {
    const made = snapshot({
      config: {
        providers: {
          p: {
            api_base: 'http://10.0.0.1:1/v1',
            api_protocol: { '*': ['chat_completions'], 'claude-*': ['messages'], 'claude-old': ['responses'] },
            pricing: { input: 1, output: 2 },
            models: [
              { id: 'gpt' },
              { id: 'claude-new', pricing: { input: 0, output: 0 } },
              { id: 'claude-old' },
              { id: 'own', api_protocol: ['converse'], base_url: 'http://10.0.0.2:1/v1' },
            ],
          },
        },
      },
    });
    expect(provider(made, 'p').offers.map(({ model }) => [model.protocols[0], model.pricing?.input])).toEqual([
      ['chat_completions', 1],
      ['messages', 0],
      ['responses', 1],
      ['converse', 1],
    ]);
    const [first, , , own] = provider(made, 'p').offers;
    expect(own?.endpoint.baseUrl).toBe('http://10.0.0.2:1/v1');
    expect(own?.endpoint.key).not.toBe(first?.endpoint.key);
  });

  it('have limits that fit where they are', () => {
    const made = snapshot({
      config: {
        providers: {
          near: { api_base: 'http://127.0.0.1:1/v1' },
          lan: { api_base: 'http://192.168.0.2:1/v1', queue: { max: 3 }, default_timeout: '9s' },
          far: {
            api_base: 'https://far.example/v1',
            timeouts: { idle: '7s', connect: '2s' },
            max_concurrent: 4,
            organization: 'o',
            headers: { 'X-Team': 't' },
          },
        },
      },
    });
    expect(provider(made, 'near').endpoint.timeouts).toEqual({
      connectMs: 1_000,
      firstTokenMs: 300_000,
      idleMs: 300_000,
      totalMs: 600_000,
    });
    expect(provider(made, 'lan').endpoint).toMatchObject({
      timeouts: { connectMs: 3_000, totalMs: 9_000 },
      queue: { max: 3, timeoutMs: 10_000 },
    });
    expect(provider(made, 'far').endpoint).toMatchObject({
      timeouts: { connectMs: 2_000, idleMs: 7_000 },
      maxConcurrent: 4,
      headers: { 'openai-organization': 'o', 'x-team': 't' },
      isLocal: false,
    });
  });
});

describe('declared and discovered at one address', () => {
  const found = server('http://127.0.0.1:8000', 'llamacpp', {
    slots: 4,
    answersAnyModel: true,
    version: 'b1',
    models: [modelFacts('Qwen3-4B', { upstreamId: '/m/Qwen3-4B.gguf', context: 8192, isLoaded: true })],
  });

  it.each(['http://localhost:8000/v1', 'http://127.0.0.1:8000/v1', 'http://[::1]:8000/v1'])(
    '%s takes over what was found',
    (api_base) => {
      const made = snapshot({
        servers: [found],
        config: { providers: { vllm: { api_base, models: [{ id: 'llama-3' }] } } },
      });
      expect([...made.providers.keys()]).toEqual(['vllm']);
      const one = provider(made, 'vllm');
      // The literal address that answered; and what it really is, since only its id said vLLM.
      expect(one).toMatchObject({ state: 'ready', type: 'llamacpp', origin: 'declared', answersAnyModel: true });
      expect(one.endpoint).toMatchObject({ baseUrl: 'http://127.0.0.1:8000/v1', maxConcurrent: 4 });
      expect(one.offers[0]?.model).toMatchObject({
        id: 'llama-3',
        upstreamId: 'llama-3',
        context: 8192,
        isLoaded: true,
      });
    },
  );

  it('keeps a declared limit, context and type', () => {
    const made = snapshot({
      servers: [found],
      config: {
        providers: { a: { type: 'vllm', max_concurrent: 2, models: [{ id: 'm', context: 1000, type: 'embedding' }] } },
      },
    });
    expect(provider(made, 'a')).toMatchObject({ type: 'vllm', endpoint: { maxConcurrent: 2 } });
    expect(provider(made, 'a').offers[0]?.model).toMatchObject({ context: 1000, type: 'embedding' });
  });

  it('a declared list is closed unless auto_discover adds the rest', () => {
    const servers = [ollama('llama3.1:latest', 'qwen3:8b')];
    const closed = snapshot({ servers, config: { providers: { ollama: { models: [{ id: 'llama3.1' }] } } } });
    expect(ids(provider(closed, 'ollama'))).toEqual(['llama3.1']);
    const open = snapshot({
      servers,
      config: { providers: { ollama: { models: [{ id: 'llama3.1' }], auto_discover: true } } },
    });
    expect(ids(provider(open, 'ollama'))).toEqual(['llama3.1', 'qwen3:8b']);
    const all = snapshot({ servers, config: { providers: { ollama: {} } } });
    expect(ids(provider(all, 'ollama'))).toEqual(['llama3.1:latest', 'qwen3:8b']);
    const none = snapshot({ servers, config: { providers: { ollama: { auto_discover: false } } } });
    expect(ids(provider(none, 'ollama'))).toEqual([]);
  });

  it('a server that wants a key is usable once a key is declared', () => {
    const locked = server('http://127.0.0.1:8000', 'vllm', { state: 'needs-key', detail: 'HTTP 401' });
    expect(provider(snapshot({ servers: [locked] }), 'vllm')).toMatchObject({ state: 'needs-key', detail: 'HTTP 401' });
    const keyed = snapshot({
      servers: [locked],
      listings: new Map([['vllm', [modelFacts('m')]]]),
      config: { providers: { vllm: { api_key: 'k' } } },
    });
    expect(provider(keyed, 'vllm')).toMatchObject({ state: 'ready', endpoint: { auth: 'bearer' } });
    expect(ids(provider(keyed, 'vllm'))).toEqual(['m']);
  });
});

describe('names of discovered servers', () => {
  it('are the kind, then with the port; the default port has the plain name', () => {
    const made = snapshot({
      servers: [
        server('http://127.0.0.1:11400', 'ollama'),
        server('http://127.0.0.1:11434', 'ollama'),
        server('http://192.168.0.7:11400', 'ollama'),
        server('http://127.0.0.1:9000', 'openai'),
        server('http://127.0.0.1:8080', 'llamacpp'),
      ],
    });
    const origins = Object.fromEntries([...made.providers].map(([id, one]) => [id, one.endpoint.baseUrl]));
    expect(origins).toEqual({
      ollama: 'http://127.0.0.1:11434/v1',
      'ollama-11400': 'http://127.0.0.1:11400/v1',
      'ollama-192.168.0.7-11400': 'http://192.168.0.7:11400/v1',
      'local-9000': 'http://127.0.0.1:9000/v1',
      llamacpp: 'http://127.0.0.1:8080/v1',
    });
    expect(made.discovered.size).toBe(5);
  });

  it('with the port find the same server whether it is the only one or not', () => {
    const other = server('http://127.0.0.1:8001', 'vllm');
    const servers = [[other], [other, server('http://127.0.0.1:8000', 'vllm')]];
    const found = servers.map((some) => findProvider(snapshot({ servers: some }), 'vLLM-8001'));
    expect(found.map((one) => one?.id)).toEqual(['vllm', 'vllm-8001']);
    for (const one of found) expect(one?.endpoint.baseUrl).toBe('http://127.0.0.1:8001/v1');
    const declared = snapshot({
      config: { providers: { gpu: { type: 'vllm', api_base: 'http://127.0.0.1:8001/v1' } } },
    });
    expect(findProvider(declared, 'vllm-8001')?.id).toBe('gpu');
    const plain = snapshot({ servers: [server('http://192.168.0.7', 'vllm')] });
    expect(findProvider(plain, 'vllm-80')?.id).toBe('vllm');
    for (const word of ['vllm-8002', 'ollama-8001', 'openai-8001']) {
      expect(findProvider(declared, word)).toBeUndefined();
    }
  });

  it('give way to declared ones', () => {
    const made = snapshot({
      servers: [ollama('a')],
      config: { providers: { ollama: { base_url: 'http://192.168.1.1:11434' } } },
    });
    expect([...made.providers.keys()]).toEqual(['ollama', 'ollama-11434']);
  });
});

describe('hosted providers of the environment', () => {
  const environment = { OPENAI_API_KEY: 'a', ANTHROPIC_API_KEY: 'b', GOOGLE_API_KEY: 'c', AZURE_OPENAI_API_KEY: 'd' };

  it('are on by their usual key variables, after the file and before discovery', () => {
    const made = snapshot({ environment, servers: [ollama('x')], config: { providers: { groq: { api_key: 'k' } } } });
    expect([...made.providers.keys()]).toEqual(['groq', 'openai', 'anthropic', 'gemini', 'azure', 'ollama']);
    expect(provider(made, 'openai')).toMatchObject({ origin: 'environment', state: 'unknown' });
    expect(provider(made, 'gemini').endpoint).toMatchObject({ auth: 'x-goog-api-key' });
    // A key without what else it needs is not passed over in silence.
    expect(provider(made, 'azure')).toMatchObject({ state: 'disabled' });
    expect(provider(made, 'azure').detail).toContain('AZURE_OPENAI_ENDPOINT');
  });

  it('stay out when the file has one of their type, off or on', () => {
    const made = snapshot({
      environment,
      config: { providers: { work: { type: 'openai' }, claude: { active: false }, gemini: { type: 'ollama' } } },
    });
    expect([...made.providers.keys()]).toEqual(['work', 'claude', 'gemini', 'azure']);
  });

  it('serve what their listing told, and stay usable when it failed', () => {
    const listings = new Map<string, readonly ReturnType<typeof modelFacts>[] | { reason: string }>([
      [
        'openai',
        [modelFacts('gpt-4o', { type: 'unknown' }), modelFacts('text-embedding-3-small', { type: 'unknown' })],
      ],
      ['anthropic', { reason: 'HTTP 403' }],
    ]);
    const made = snapshot({ environment, listings });
    expect(provider(made, 'openai').state).toBe('ready');
    expect(provider(made, 'openai').offers.map(({ model }) => model.type)).toEqual(['unknown', 'embedding']);
    expect(provider(made, 'anthropic')).toMatchObject({ state: 'unknown', detail: 'HTTP 403' });
  });
});

describe('what is local', () => {
  it('is decided per model', () => {
    const made = snapshot({
      servers: [
        server('http://127.0.0.1:11434', 'ollama', {
          models: [modelFacts('a'), modelFacts('b', { isRemote: true }), modelFacts('c:cloud')],
        }),
        server('http://127.0.0.1:4000', 'litellm', { isAggregator: true, models: [modelFacts('d')] }),
      ],
      config: {
        providers: {
          tunnel: { api_base: 'http://127.0.0.1:7000/v1', local: false, models: [{ id: 'e' }] },
          named: { api_base: 'http://my.box.example:7000/v1', local: true, models: [{ id: 'f' }] },
          mixed: {
            api_base: 'http://127.0.0.1:7001/v1',
            models: [{ id: 'g' }, { id: 'h', base_url: 'https://far.example/v1' }],
          },
        },
      },
    });
    const local = [...made.byId].map(([id, [offer]]) => [id, offer?.model.isLocal]);
    expect(Object.fromEntries(local)).toEqual({
      a: true,
      b: false,
      'c:cloud': false,
      d: false,
      e: false,
      f: true,
      g: true,
      h: false,
    });
  });

  it('a cloud model is not made local by saying so of its server', () => {
    const made = snapshot({
      servers: [server('http://127.0.0.1:11434', 'ollama', { models: [modelFacts('b', { isRemote: true })] })],
      config: { providers: { ollama: { local: true } } },
    });
    expect(made.byId.get('b')?.[0]?.model.isLocal).toBe(false);
  });
});

describe('the demo engine', () => {
  it('comes last and is described as the file would', () => {
    const demoProviders = {
      demo: providerConfig({ api_base: 'http://127.0.0.1:5/v1', models: [{ id: 'echo', type: 'chat' }] }),
    };
    const made = snapshot({ demoProviders, servers: [ollama('a')] });
    expect([...made.providers.keys()]).toEqual(['ollama', 'demo']);
    expect(provider(made, 'demo')).toMatchObject({ origin: 'demo', endpoint: { isLoopback: true } });
  });
});
