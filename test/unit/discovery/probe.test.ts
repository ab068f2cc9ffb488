import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import type { ServerFacts } from '../../../src/core/facts.ts';
import { Secret } from '../../../src/core/secret.ts';
import { type ProbeResult, type ProbeTarget, probe } from '../../../src/discovery/probe.ts';
import { createFakeClock } from '../../support/clock.ts';
import type { Personality } from '../../support/fake-servers/personality.ts';
import { html, json, replay, type Script, text } from '../../support/fake-servers/script.ts';
import { type FakeOptions, type FakeUpstream, faults, startFake } from '../../support/fake-upstream.ts';
import { startRaw } from '../../support/raw-upstream.ts';
import { readCapture } from '../../support/read-fixture.ts';

const running: FakeUpstream[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((fake) => fake.close()));
});

async function start(options: FakeOptions): Promise<FakeUpstream> {
  const fake = await startFake(options);
  running.push(fake);
  return fake;
}

function look(fake: FakeUpstream, change: Partial<ProbeTarget> = {}, previous?: ServerFacts): Promise<ProbeResult> {
  const target: ProbeTarget = { origin: fake.origin, basePath: '/v1', first: 'models', ...change };
  return probe(target, { clock: systemClock, previous });
}

async function factsOf(fake: FakeUpstream, change: Partial<ProbeTarget> = {}): Promise<ServerFacts> {
  const result = await look(fake, change);
  if (result.kind !== 'server') throw new Error(`found ${result.kind}`);
  return result.facts;
}

function paths(fake: FakeUpstream): readonly string[] {
  return fake.requests.map((request) => `${request.method} ${request.path}`);
}

/** A server described by its answers; 404 with a page elsewhere. */
function site(routes: Readonly<Record<string, Script>>, headers: Readonly<Record<string, string>> = {}): Personality {
  return {
    kind: 'site',
    headers,
    answer: (request) => routes[request.path] ?? html(404, '<h1>Not found</h1>'),
    brokenTail: () => [],
  };
}

describe('llama.cpp', () => {
  it('is known by its header, with context, slots and version from a real recording', async () => {
    const fake = await start({ kind: 'llamacpp' });
    const recorded: Readonly<Record<string, string>> = { '/v1/models': 'v1-models', '/props': 'props' };
    fake.setBehaviour((request) => faults.script(replay(readCapture(recorded[request.path] ?? 'not-found-404'))));
    const facts = await factsOf(fake);
    expect(facts).toMatchObject({
      kind: 'llamacpp',
      state: 'ready',
      version: 'b1-de3ff81',
      slots: 2,
      answersAnyModel: true,
      baseUrl: fake.baseUrl,
    });
    expect(facts.models).toEqual([
      {
        id: 'tiny',
        upstreamId: 'tiny.gguf',
        aliases: [],
        type: 'unknown',
        context: 512,
        contextMax: 4096,
        isLoaded: true,
        sizeBytes: 325_376,
        capabilities: new Set(['structured_output', 'tools']),
        isRemote: false,
        created: 1_795_189_662,
      },
    ]);
    expect(paths(fake)).toEqual(['GET /v1/models', 'GET /props']);
  });

  it('shows names without path and .gguf, and its aliases', async () => {
    const models = [{ id: '/home/me/Qwen3-8B-Q4_K_M-00001-of-00002.gguf', aliases: ['/home/me/x.gguf', 'qwen'] }];
    const facts = await factsOf(await start({ kind: 'llamacpp', models }));
    expect(facts.models[0]).toMatchObject({ id: 'Qwen3-8B-Q4_K_M', upstreamId: models[0]?.id, aliases: ['x', 'qwen'] });
    const hub = await factsOf(await start({ kind: 'llamacpp', models: ['ggml-org/gemma-3-1b-it-GGUF:Q4_K_M'] }));
    expect(hub.models[0]?.id).toBe('ggml-org/gemma-3-1b-it-GGUF:Q4_K_M');
  });

  it.each([
    ['loading-models-503', 'loading'],
    ['key-models-401', 'needs-key'],
    ['prefix-health-404', 'ready'],
  ])('is known by %s too', async (capture, state) => {
    const fake = await start({ kind: 'llamacpp' });
    fake.setBehaviour(() => faults.script(replay(readCapture(capture))));
    expect(await factsOf(fake)).toMatchObject({ kind: 'llamacpp', state, models: [] });
  });

  it('lists what router mode could load, which of it is loaded, and no command line', async () => {
    const fake = await start({ kind: 'llamacpp' });
    const recorded: Readonly<Record<string, string>> = {
      '/v1/models': 'router-models-loaded',
      '/props': 'router-props',
    };
    fake.setBehaviour((request) => faults.script(replay(readCapture(recorded[request.path] ?? 'not-found-404'))));
    const facts = await factsOf(fake);
    expect(facts).toMatchObject({ answersAnyModel: false, slots: undefined });
    expect(facts.models.map(({ id, isLoaded, context }) => ({ id, isLoaded, context }))).toEqual([
      { id: 'tiny', isLoaded: true, context: 512 },
      { id: 'tiny-think', isLoaded: false, context: undefined },
    ]);
    expect(JSON.stringify(facts)).not.toContain('llama-server');
  });

  it('is not loaded while it sleeps', async () => {
    const fake = await start({ kind: 'llamacpp' });
    const recorded: Readonly<Record<string, string>> = { '/v1/models': 'sleeping-models', '/props': 'sleeping-props' };
    fake.setBehaviour((request) => faults.script(replay(readCapture(recorded[request.path] ?? 'not-found-404'))));
    expect((await factsOf(fake)).models[0]?.isLoaded).toBe(false);
  });

  it('is asked with the key that was configured for it, and with none else', async () => {
    const fake = await start({ kind: 'llamacpp', apiKey: 'k' });
    expect((await factsOf(fake)).state).toBe('needs-key');
    expect((await factsOf(fake, { credential: new Secret('k') })).state).toBe('ready');
    expect(fake.requests[0]?.headers.authorization).toBeUndefined();
  });
});

describe('Ollama', () => {
  const models = [
    {
      id: 'llama3.1:latest',
      isLoaded: true,
      context: 8192,
      contextMax: 131_072,
      capabilities: ['completion', 'tools'],
    },
    { id: 'nomic-embed-text:latest', type: 'embedding' as const },
    { id: 'gpt-oss:120b', remoteHost: 'https://ollama.com:443', capabilities: ['completion', 'thinking'] },
    { id: 'qwen3-coder:480b-cloud' },
  ];

  it('tells the context in use from the trained one, and its cloud from this machine', async () => {
    const fake = await start({ kind: 'ollama', models });
    const facts = await factsOf(fake, { first: 'ollama' });
    expect(facts).toMatchObject({ kind: 'ollama', version: '0.33.0', state: 'ready' });
    expect(facts.models).toMatchObject([
      { id: 'llama3.1:latest', type: 'chat', context: 8192, contextMax: 131_072, isLoaded: true, isRemote: false },
      { id: 'nomic-embed-text:latest', type: 'embedding', isLoaded: false, context: undefined },
      { id: 'gpt-oss:120b', isRemote: true },
      { id: 'qwen3-coder:480b-cloud', isRemote: true },
    ]);
    expect(facts.models[0]?.capabilities).toEqual(new Set(['structured_output', 'tools']));
    expect(facts.models[1]?.capabilities).toBeUndefined();
    expect(facts.models[2]?.capabilities).toEqual(new Set(['structured_output', 'reasoning']));
  });

  it('is never posted to', async () => {
    const fake = await start({ kind: 'ollama', models });
    await factsOf(fake, { first: 'ollama' });
    expect(fake.calls).toEqual([]);
  });

  it('is found on any port, also without models, when its listing says null', async () => {
    expect(await factsOf(await start({ kind: 'ollama', models: [] }))).toMatchObject({ kind: 'ollama', models: [] });
  });

  it('is asked fewer questions when it was there before', async () => {
    const fake = await start({ kind: 'ollama' });
    const facts = await factsOf(fake, { first: 'ollama' });
    const before = fake.requests.length;
    await look(fake, {}, facts);
    expect(paths(fake).slice(before)).toEqual(['GET /api/version', 'GET /api/tags', 'GET /api/ps']);
  });
});

describe('LM Studio', () => {
  const models = [
    { id: 'qwen/qwen3-8b', isLoaded: true, context: 4096, contextMax: 40_960, capabilities: ['vision'] },
    { id: 'nomic/embed', type: 'embedding' as const },
  ];

  it.each([
    [1, '≥ 0.4.0', new Set(['tools', 'structured_output', 'vision'])],
    [0, '≥ 0.3.6', new Set(['tools', 'structured_output', 'vision'])],
  ])('lists with its native API of generation %s', async (generation, version, capabilities) => {
    const fake = await start({ kind: 'lm_studio', models, settings: { generation } });
    const facts = await factsOf(fake, { first: 'lm-studio' });
    expect(facts).toMatchObject({ kind: 'lm_studio', version });
    expect(facts.models).toMatchObject([
      { id: 'qwen/qwen3-8b', type: 'chat', context: 4096, contextMax: 40_960, isLoaded: true, capabilities },
      { id: 'nomic/embed', type: 'embedding', context: undefined, isLoaded: false },
    ]);
  });

  it('lists with the OpenAI API where it has no other, and is not asked for the others again', async () => {
    const fake = await start({ kind: 'lm_studio', models, settings: { generation: 'none' } });
    const facts = await factsOf(fake, { first: 'lm-studio' });
    expect(facts.models.map((model) => model.id)).toEqual(['qwen/qwen3-8b', 'nomic/embed']);
    const before = fake.requests.length;
    await look(fake, {}, facts);
    expect(paths(fake).slice(before)).toEqual(['GET /lmstudio-greeting', 'GET /v1/models']);
  });

  it('is found on any port and with a key required', async () => {
    const fake = await start({ kind: 'lm_studio', apiKey: 'k' });
    expect(await factsOf(fake)).toMatchObject({ kind: 'lm_studio', state: 'needs-key' });
  });
});

describe('vLLM', () => {
  it('is known by the owner of its models; a LoRA has no context of its own', async () => {
    const settings = { loras: { 'my-lora': 'base' } };
    const models = [{ id: 'base', context: 8192 }, 'my-lora'];
    const facts = await factsOf(await start({ kind: 'vllm', models, settings, version: '0.11.2' }));
    expect(facts).toMatchObject({ kind: 'vllm', version: '0.11.2', state: 'ready' });
    expect(facts.models).toMatchObject([
      { id: 'base', context: 8192, isLoaded: true },
      { id: 'my-lora', context: undefined },
    ]);
  });

  it('is found without its key', async () => {
    expect(await factsOf(await start({ kind: 'vllm', apiKey: 'k' }))).toMatchObject({
      kind: 'vllm',
      state: 'needs-key',
    });
  });

  it('is nothing while it loads', async () => {
    const fake = await start({ kind: 'vllm', isLoading: true });
    expect(await look(fake)).toEqual({ kind: 'nothing', reason: 'refused' });
  });
});

describe('the others', () => {
  const list = (...data: readonly object[]) => json(200, { object: 'list', data });

  it.each([
    ['sglang', 'sglang'],
    ['koboldcpp', 'koboldcpp'],
    ['humanity', 'gpt4all'],
    ['user', 'text_generation_webui'],
    ['docker', 'docker_model_runner'],
  ])('owned_by %s is %s', async (owner, kind) => {
    const fake = await start({ kind: site({ '/v1/models': list({ id: 'm', owned_by: owner }) }) });
    expect((await factsOf(fake)).kind).toBe(kind);
  });

  it('finds Docker Model Runner with its own base', async () => {
    const routes = {
      '/': text(200, 'Docker Model Runner is running'),
      '/engines/v1/models': list({ id: 'ai/smollm2', owned_by: 'docker' }),
    };
    const fake = await start({ kind: site(routes) });
    expect(await factsOf(fake, { first: 'docker' })).toMatchObject({
      kind: 'docker_model_runner',
      baseUrl: `${fake.origin}/engines/v1`,
      models: [{ id: 'ai/smollm2' }],
    });
  });

  it('does not take LocalAI for the Ollama that it imitates', async () => {
    const routes = {
      '/': text(200, 'Ollama is running'),
      '/api/version': json(200, { version: '0.9.0' }),
      '/api/tags': json(200, { models: [{ name: 'phi' }] }),
      '/.well-known/localai.json': json(200, { version: 'v3' }),
      '/v1/models': list({ id: 'phi', object: 'model' }),
    };
    for (const first of ['models', 'ollama'] as const) {
      expect((await factsOf(await start({ kind: site(routes) }), { first })).kind).toBe('localai');
    }
  });

  it('never counts LiteLLM as local, and never calls its /health', async () => {
    const routes = {
      '/v1/models': list({ id: 'gpt-4o', owned_by: 'openai' }),
      '/health/liveliness': json(200, "I'm alive!"),
    };
    const fake = await start({ kind: site(routes) });
    expect(await factsOf(fake)).toMatchObject({ kind: 'litellm', isAggregator: true });
    expect(paths(fake)).not.toContain('GET /health');
  });

  it('knows TGI, MLX-LM and Jan by their own signs', async () => {
    const tgi = site({
      '/v1/models': list({ id: 'm', owned_by: 'm' }),
      '/info': json(200, { router: 'text-generation-router' }),
    });
    const mlx = site(
      { '/v1/models': list({ id: 'mlx/m' }), '/health': json(200, { status: 'ok' }) },
      { Server: 'BaseHTTP/0.6 Python/3.12' },
    );
    const jan = site({ '/v1/models': text(401, 'Missing authorization header') });
    expect((await factsOf(await start({ kind: tgi }))).kind).toBe('tgi');
    expect((await factsOf(await start({ kind: mlx }))).kind).toBe('mlx_lm');
    expect(await factsOf(await start({ kind: jan }))).toMatchObject({ kind: 'jan', state: 'needs-key' });
  });

  it('does not believe an owner that only some entries name', async () => {
    const listed = list({ id: 'vllm/m', owned_by: 'vllm' }, { id: 'llama3.1', owned_by: 'library' });
    expect((await factsOf(await start({ kind: site({ '/v1/models': listed }) }))).kind).toBe('openai');
  });

  it('takes any other OpenAI listing as it is, and a 401 in its envelope', async () => {
    const fake = await start({ kind: 'openai', models: ['a', 'text-embedding-3'], apiKey: 'k' });
    expect(await factsOf(fake)).toMatchObject({ kind: 'openai', state: 'needs-key' });
    const facts = await factsOf(fake, { credential: new Secret('k') });
    expect(facts.models).toMatchObject([
      { id: 'a', type: 'unknown' },
      { id: 'text-embedding-3', type: 'embedding' },
    ]);
  });
});

describe('what is no model server', () => {
  it.each([[undefined], ['spa'], ['health']])('a plain web server, style %s', async (style) => {
    for (const first of ['models', 'ollama', 'lm-studio', 'docker'] as const) {
      const fake = await start({ kind: 'plain-web', settings: { style } });
      expect(await look(fake, { first })).toEqual({ kind: 'other' });
    }
  });

  it('an API that wants a login for everything', async () => {
    const fake = await start({ kind: site({ '/v1/models': json(401, { detail: 'Not authenticated' }) }) });
    expect(await look(fake)).toEqual({ kind: 'other' });
  });

  it('a redirect, which is not followed', async () => {
    const elsewhere = await start({ kind: 'llamacpp' });
    const away: Script = [
      { kind: 'head', status: 302, headers: { Location: `${elsewhere.baseUrl}/models` }, length: 0 },
      { kind: 'end' },
    ];
    expect(await look(await start({ kind: site({ '/v1/models': away }) }))).toEqual({ kind: 'other' });
    expect(elsewhere.requests).toEqual([]);
  });

  it('a listing that never ends, which is cut short without waiting', async () => {
    const endless: Script = [
      { kind: 'head', status: 200, headers: { 'Content-Type': 'application/json' }, length: undefined },
      { kind: 'write', bytes: Buffer.from(`{"object":"list","data":[${'{"id":"m"},'.repeat(200_000)}`) },
      { kind: 'stall' },
    ];
    const fake = await start({ kind: site({ '/v1/models': endless }) });
    const clock = createFakeClock();
    const target: ProbeTarget = { origin: fake.origin, basePath: '/v1', first: 'models' };
    expect(await probe(target, { clock })).toEqual({ kind: 'other' });
    expect(clock.monotonic()).toBe(0);
  });

  it('what does not speak HTTP', async () => {
    const fake = await start({ kind: 'openai' });
    fake.setBehaviour(() => faults.bytes(Buffer.from('220 mail.example ESMTP\r\n')));
    expect(await look(fake)).toEqual({ kind: 'other' });
  });

  it('this router itself, behind whatever address', async () => {
    const fake = await start({
      kind: site({ '/v1/models': json(200, { object: 'list', data: [] }) }, { 'X-Router-Request-Id': 'r' }),
    });
    expect(await look(fake)).toEqual({ kind: 'self' });
    expect(fake.requests).toHaveLength(1);
  });

  it('this router itself, although it was declared, by what it answers to its own mark', async () => {
    const fake = await start({ kind: site({ '/v1/models': json(508, {}) }, { 'X-Router-Request-Id': 'r' }) });
    const target: ProbeTarget = { origin: fake.origin, basePath: '/v1', first: 'models', isDeclared: true };
    expect(await probe(target, { clock: systemClock, mark: 'me' })).toEqual({ kind: 'self' });
    expect(fake.requests[0]?.headers['x-router-via']).toBe('me');
  });

  it.each(['models', 'ollama', 'lm-studio', 'docker'] as const)(
    'not another router that was declared, which serves what may be anywhere (asked for %s first)',
    async (first) => {
      const pages = {
        '/v1/models': json(200, { object: 'list', data: [{ id: 'm', owned_by: 'vllm', context_length: 4096 }] }),
        '/': json(200, 'Ollama is running'),
        '/api/version': json(200, { version: '0.12.0' }),
        '/api/tags': json(200, { models: [{ name: 'm:latest', model: 'm:latest' }] }),
      };
      const fake = await start({ kind: site(pages, { 'X-Router-Request-Id': 'r' }) });
      expect(await factsOf(fake, { isDeclared: true, first })).toMatchObject({
        kind: 'openai',
        state: 'ready',
        isAggregator: true,
        models: [{ id: 'm', context: 4096 }],
      });
    },
  );

  it('a router that wants a key, to one that was declared without', async () => {
    const fake = await start({ kind: site({ '/v1/models': json(401, {}) }, { 'X-Router-Request-Id': 'r' }) });
    expect(await factsOf(fake, { isDeclared: true })).toMatchObject({
      state: 'needs-key',
      isAggregator: true,
      models: [],
    });
  });

  it('is still a server to the user who declared it', async () => {
    const fake = await start({ kind: 'plain-web' });
    expect(await factsOf(fake, { isDeclared: true })).toMatchObject({ kind: 'openai', state: 'ready', models: [] });
  });
});

describe('time', () => {
  it('gives a frozen server two seconds', async () => {
    const clock = createFakeClock();
    const fake = await start({ kind: 'llamacpp' });
    fake.setBehaviour(() => faults.stallBeforeHeaders());
    const result = probe({ origin: fake.origin, basePath: '/v1', first: 'models' }, { clock });
    await fake.stalled();
    clock.advance(2_000);
    expect(await result).toEqual({ kind: 'nothing', reason: 'silent' });
    expect(await fake.requests[0]?.closed).toBe('aborted');
  });

  it('leaves no connection behind', async () => {
    const fake = await start({ kind: 'ollama' });
    const closed = fake.nextRequest().then((request) => request.closed);
    await look(fake);
    await closed;
    await fake.idle();
    expect(fake.connectionCount).toBe(1);
  });
});

describe('what a server sends without end', () => {
  const model = (at: number) => ({ id: `m${at}`, object: 'model', owned_by: 'vllm' });
  const listing = (count: number) => ({ object: 'list', data: Array.from({ length: count }, (_, at) => model(at)) });

  it('a listing of thousands of models is cut, and says so', async () => {
    const fake = await start({ kind: site({ '/v1/models': json(200, listing(15_000)) }) });
    const facts = await factsOf(fake);
    expect([facts.state, facts.models.length]).toEqual(['ready', 10_000]);
    expect(facts.detail).toBe('lists 15000 models, of which the first 10000 are used');
  });

  it.each([
    ['a body', 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"data":"', 'x'.repeat(10_000)],
    ['a head', 'HTTP/1.1 200 OK\r\n', `X-A: ${'x'.repeat(1_000)}\r\n`],
    ['interim answers', '', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
  ])('%s ends the look', async (_name, beginning, again) => {
    await using endless = await startRaw(async (call) => {
      await call.write(beginning);
      while (!call.socket.destroyed) await call.write(again);
    });
    const target: ProbeTarget = { origin: endless.origin, basePath: '/v1', first: 'models' };
    expect((await probe(target, { clock: systemClock })).kind).not.toBe('server');
    await (await endless.call(0)).closed;
  });
});
