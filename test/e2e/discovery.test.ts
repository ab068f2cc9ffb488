import { afterEach, expect, it } from 'vitest';
import type { FirstQuestion } from '../../src/catalogue/local-servers.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { ServerFacts } from '../../src/core/facts.ts';
import { createDiscovery, type Discovery } from '../../src/discovery/discovery.ts';
import { type FakeOptions, type FakeUpstream, startFake } from '../support/fake-upstream.ts';

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of cleanup.splice(0).toReversed()) await close();
});

async function start(options: FakeOptions): Promise<FakeUpstream> {
  const fake = await startFake(options);
  cleanup.push(() => fake.close());
  return fake;
}

/** Discovery on the real clock; each port is asked as if it were this server's usual one. */
function discover(ports: readonly (readonly [number, FirstQuestion])[]): Discovery {
  const discovery = createDiscovery(
    {
      clock: systemClock,
      environment: {},
      homeDirectory: '/nonexistent',
      self: () => [],
      fetchListing: () => Promise.reject(new Error('nothing is hosted here')),
      onChange: () => undefined,
      ports: ports.map(([port, first]) => ({ port, kinds: [], first })),
    },
    { discovery: { enabled: true, interval: 10_000, hosts: [] }, declared: [] },
  );
  cleanup.push(() => discovery.close());
  discovery.start();
  return discovery;
}

const named = (facts: readonly ServerFacts[]) =>
  facts.map(({ origin, kind, state, models }) => ({ origin, kind, state, models: models.map((model) => model.id) }));

it('finds all four servers and nothing else', async () => {
  const ollama = await start({ kind: 'ollama', models: ['llama3.1:latest'] });
  const llamacpp = await start({ kind: 'llamacpp', models: ['/models/qwen.gguf'] });
  const lmStudio = await start({ kind: 'lm_studio', models: ['google/gemma-3'] });
  const vllm = await start({ kind: 'vllm', models: ['meta/llama'] });
  const web = await start({ kind: 'plain-web' });
  const spa = await start({ kind: 'plain-web', settings: { style: 'spa' } });
  const gone = await start({ kind: 'ollama' });
  await gone.stop();
  const discovery = discover([
    [ollama.port, 'ollama'],
    [llamacpp.port, 'models'],
    [lmStudio.port, 'lm-studio'],
    [vllm.port, 'models'],
    [web.port, 'models'],
    [spa.port, 'models'],
    [gone.port, 'ollama'],
  ]);
  await discovery.firstScan;
  expect(named(discovery.facts())).toEqual([
    { origin: ollama.origin, kind: 'ollama', state: 'ready', models: ['llama3.1:latest'] },
    { origin: llamacpp.origin, kind: 'llamacpp', state: 'ready', models: ['qwen'] },
    { origin: lmStudio.origin, kind: 'lm_studio', state: 'ready', models: ['google/gemma-3'] },
    { origin: vllm.origin, kind: 'vllm', state: 'ready', models: ['meta/llama'] },
  ]);
});

it('tells a server by what it says, whosever port it stands on', async () => {
  const firsts = ['models', 'ollama', 'lm-studio', 'docker'] as const;
  for (const kind of ['ollama', 'llamacpp', 'lm_studio', 'vllm'] as const) {
    const fakes = await Promise.all(firsts.map(() => start({ kind })));
    const discovery = discover(fakes.map((fake, at) => [fake.port, firsts[at] ?? 'models']));
    await discovery.firstScan;
    expect(discovery.facts().map((facts) => facts.kind)).toEqual(firsts.map(() => kind));
  }
});

it('finds servers that load or want a key', async () => {
  const loading = await start({ kind: 'llamacpp', isLoading: true });
  const locked = await start({ kind: 'llamacpp', apiKey: 'k' });
  const lockedStudio = await start({ kind: 'lm_studio', apiKey: 'k' });
  const discovery = discover([
    [loading.port, 'models'],
    [locked.port, 'models'],
    [lockedStudio.port, 'lm-studio'],
  ]);
  await discovery.firstScan;
  expect(discovery.facts().map(({ kind, state }) => [kind, state])).toEqual([
    ['llamacpp', 'loading'],
    ['llamacpp', 'needs-key'],
    ['lm_studio', 'needs-key'],
  ]);
});

it('finds a server that only listens on IPv6', async () => {
  const fake = await start({ kind: 'ollama', host: '::1' });
  const discovery = discover([[fake.port, 'ollama']]);
  await discovery.firstScan;
  expect(discovery.facts()).toMatchObject([{ origin: `http://[::1]:${fake.port}`, kind: 'ollama' }]);
});

it('keeps IPv6 out of it when IPv4 answers', async () => {
  const four = await start({ kind: 'llamacpp' });
  const six = await start({ kind: 'plain-web', host: '::1', port: four.port });
  const discovery = discover([[four.port, 'models']]);
  await discovery.firstScan;
  expect(discovery.facts()).toMatchObject([{ origin: four.origin, kind: 'llamacpp' }]);
  expect(six.requests).toEqual([]);
});

it('puts no question but GET, without cookie, origin or credential', async () => {
  const fakes = await Promise.all(
    (['ollama', 'llamacpp', 'lm_studio', 'vllm', 'openai', 'plain-web'] as const).map((kind) => start({ kind })),
  );
  await discover(fakes.map((fake) => [fake.port, 'models'])).firstScan;
  for (const request of fakes.flatMap((fake) => fake.requests)) {
    expect(request.method).toBe('GET');
    expect(Object.keys(request.headers).sort()).toEqual(['accept', 'connection', 'host']);
  }
});
