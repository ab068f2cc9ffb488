import { afterEach, describe, expect, it } from 'vitest';
import type { ServerFacts } from '../../../src/core/facts.ts';
import { Secret } from '../../../src/core/secret.ts';
import { type FakeOptions, type FakeUpstream, faults, startFake } from '../../support/fake-upstream.ts';
import { declaredEndpoint } from './settings.ts';
import { type Stand, settingsFor, type Watching, type WatchOptions, watch } from './watch.ts';

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of cleanup.splice(0).toReversed()) await close();
});

async function start(options: FakeOptions): Promise<FakeUpstream> {
  const fake = await startFake(options);
  cleanup.push(() => fake.close());
  return fake;
}

async function watching(stands: readonly Stand[], options: WatchOptions = {}): Promise<Watching> {
  const found = watch(stands, options);
  cleanup.push(() => found.discovery.close());
  found.discovery.start();
  await found.discovery.firstScan;
  return found;
}

const states = (facts: readonly ServerFacts[]) => facts.map((server) => server.state);
const isState = (state: string) => (facts: readonly ServerFacts[]) => facts[0]?.state === state;
const has = (id: string) => (facts: readonly ServerFacts[]) =>
  facts.some((server) => server.models.some((model) => model.id === id));

describe('watching', () => {
  it('notices a server that starts later', async () => {
    const fake = await start({ kind: 'ollama' });
    await fake.stop();
    const { discovery, clock, when } = await watching([{ fake }]);
    expect(discovery.facts()).toEqual([]);
    await fake.restart();
    clock.advance(10_000);
    expect(states(await when(isState('ready')))).toEqual(['ready']);
  });

  it('notices a model that is pulled later', async () => {
    const fake = await start({ kind: 'ollama', models: ['one'] });
    const { clock, when } = await watching([{ fake, first: 'ollama' }]);
    fake.update({ models: [{ id: 'one' }, { id: 'two' }] });
    clock.advance(10_000);
    expect(await when(has('two'))).toHaveLength(1);
  });

  it('marks a server that stopped as down, keeps its models, and sees it return within a second', async () => {
    const fake = await start({ kind: 'vllm', models: ['m'] });
    const { discovery, clock, when } = await watching([{ fake }]);
    await fake.stop();
    discovery.suspect(`${fake.baseUrl}/chat/completions`);
    clock.advance(100);
    const [down] = await when(isState('down'));
    expect(down).toMatchObject({ models: [{ id: 'm' }], detail: `nothing answers on 127.0.0.1:${fake.port}` });
    await fake.restart();
    clock.advance(1_000);
    expect(states(await when(isState('ready')))).toEqual(['ready']);
  });

  it('sees a loading server become ready a second later', async () => {
    const fake = await start({ kind: 'llamacpp', isLoading: true });
    const { discovery, clock, when } = await watching([{ fake }]);
    expect(states(discovery.facts())).toEqual(['loading']);
    await fake.setLoading(false);
    clock.advance(1_000);
    expect(states(await when(isState('ready')))).toEqual(['ready']);
  });

  it('tells of changes only, while every look tells when it was', async () => {
    const fake = await start({ kind: 'vllm' });
    const { discovery, clock, changes } = await watching([{ fake }]);
    const before = discovery.facts()[0]?.checkedAtMs ?? 0;
    const again = fake.nextRequest();
    clock.advance(10_000);
    await (await again).closed;
    await discovery.probeNow();
    expect(changes()).toBe(1);
    expect(discovery.facts()[0]?.checkedAtMs).toBe(before + 10_000);
  });

  it('looks at a port that is something else once a minute at first', async () => {
    const fake = await start({ kind: 'plain-web' });
    const { discovery, clock } = await watching([{ fake }]);
    const asked = fake.requests.length;
    await clock.advanceAsync(59_000);
    expect(fake.requests).toHaveLength(asked);
    const again = fake.nextRequest();
    clock.advance(1_000);
    await again;
    expect(discovery.facts()).toEqual([]);
  });

  it('never finds the router itself', async () => {
    const fake = await start({ kind: 'ollama' });
    const { discovery } = await watching([{ fake }], { self: [{ host: '0.0.0.0', port: fake.port }] });
    expect(discovery.facts()).toEqual([]);
    expect(fake.requests).toEqual([]);
  });

  it('shows a server that is slow to answer nothing of the others', async () => {
    const [frozen, quick] = [await start({ kind: 'openai' }), await start({ kind: 'vllm', models: ['quick'] })];
    frozen.setBehaviour(() => faults.stallBeforeHeaders());
    const { discovery, clock, when } = watch([{ fake: frozen }, { fake: quick }]);
    cleanup.push(() => discovery.close());
    discovery.start();
    expect(await when(has('quick'))).toHaveLength(1);
    await frozen.stalled();
    clock.advance(2_000);
    await discovery.firstScan;
  });

  it('ends the first scan and every connection when it is closed', async () => {
    const fake = await start({ kind: 'openai' });
    fake.setBehaviour(() => faults.stallBeforeHeaders());
    const { discovery, clock } = watch([{ fake }]);
    discovery.start();
    await fake.stalled();
    discovery.close();
    discovery.close();
    await discovery.firstScan;
    await fake.idle();
    expect(clock.pending).toEqual([]);
  });
});

describe('a look on demand', () => {
  it('finds what was pulled a moment ago, shared by all who ask, once a second', async () => {
    const fake = await start({ kind: 'vllm', models: ['one'] });
    const { discovery, clock } = await watching([{ fake }]);
    fake.update({ models: [{ id: 'one' }, { id: 'two' }] });
    const before = fake.requests.length;
    const shared = discovery.probeNow();
    expect(discovery.probeNow()).toBe(shared);
    await shared;
    expect(has('two')(discovery.facts())).toBe(true);
    const once = fake.requests.length;
    expect(once).toBe(before + 2);
    await discovery.probeNow();
    expect(fake.requests).toHaveLength(once);
    clock.advance(1_000);
    await discovery.probeNow();
    expect(fake.requests).toHaveLength(once + 2);
  });

  it('waits half a second for a frozen server and no longer', async () => {
    const fake = await start({ kind: 'vllm' });
    const { discovery, clock } = await watching([{ fake }]);
    fake.setBehaviour(() => faults.stallBeforeHeaders());
    const shared = discovery.probeNow();
    await fake.stalled();
    clock.advance(500);
    await shared;
    expect(states(discovery.facts())).toEqual(['ready']);
  });

  it('asks a suspected server once, however many requests suspect it', async () => {
    const fake = await start({ kind: 'vllm' });
    const { discovery, clock } = await watching([{ fake }]);
    const before = fake.requests.length;
    for (let times = 0; times < 50; times += 1) discovery.suspect(fake.baseUrl.replace('127.0.0.1', 'localhost'));
    const asked = fake.nextRequest((request) => request.path === '/version');
    clock.advance(100);
    await (await asked).closed;
    expect(fake.requests).toHaveLength(before + 2);
  });
});

describe('declared servers', () => {
  it('are shown as down before they ever answered', async () => {
    const fake = await start({ kind: 'vllm' });
    await fake.stop();
    const declared = [declaredEndpoint(fake.baseUrl, { type: 'vllm' })];
    const { discovery } = await watching([], { declared });
    expect(discovery.facts()).toMatchObject([{ kind: 'vllm', state: 'down', baseUrl: fake.baseUrl }]);
  });

  it('are asked with their key, in place of the default port', async () => {
    const fake = await start({ kind: 'llamacpp', apiKey: 'k' });
    const declared = [declaredEndpoint(fake.baseUrl, { credential: new Secret('k') })];
    const { discovery } = await watching([{ fake }], { declared });
    expect(states(discovery.facts())).toEqual(['ready']);
  });

  it('come and go with the settings, and keep what is known of those that stay', async () => {
    const [one, two] = [await start({ kind: 'vllm', models: ['a'] }), await start({ kind: 'vllm', models: ['b'] })];
    const [first, second] = [declaredEndpoint(one.baseUrl), declaredEndpoint(two.baseUrl)];
    const { discovery, when } = await watching([], { declared: [first] });
    const asked = one.requests.length;
    discovery.reload(settingsFor([first, second]));
    expect(await when(has('b'))).toHaveLength(2);
    expect(one.requests).toHaveLength(asked);
    discovery.reload(settingsFor([second]));
    expect(await when((facts) => facts.length === 1)).toMatchObject([{ baseUrl: two.baseUrl }]);
  });

  it('are asked again at once when their key changes, without being forgotten meanwhile', async () => {
    const fake = await start({ kind: 'llamacpp', apiKey: 'new', models: ['m'] });
    const endpoint = declaredEndpoint(fake.baseUrl, { credential: new Secret('old') });
    const { discovery, when } = await watching([], { declared: [endpoint] });
    expect(states(discovery.facts())).toEqual(['needs-key']);
    discovery.reload(settingsFor([{ ...endpoint, credential: new Secret('new') }]));
    expect(states(discovery.facts())).toEqual(['needs-key']);
    expect(await when(has('m'))).toMatchObject([{ state: 'ready' }]);
  });
});

describe('whatever goes wrong', () => {
  const broken = new Error('a defect');

  it('lets a look that throws wait for its next turn', async () => {
    const fake = await start({ kind: 'ollama' });
    let looks = 0;
    const defects: unknown[] = [];
    const self = () => {
      looks += 1;
      throw broken;
    };
    const options = { self, onDefect: (thrown: unknown) => void defects.push(thrown) };
    const { discovery, clock } = await watching([{ fake }], { options });
    await clock.advanceAsync(9_999);
    expect([looks, defects]).toEqual([1, [broken]]);
    await clock.advanceAsync(1);
    expect(looks).toBe(2);
    await discovery.probeNow();
    expect(looks).toBe(3);
  });

  it('goes on after what it told was not taken', async () => {
    const fake = await start({ kind: 'ollama' });
    const defects: unknown[] = [];
    const onChange = () => {
      throw broken;
    };
    const { clock } = await watching([{ fake }], { options: { onChange, onDefect: (one) => void defects.push(one) } });
    await clock.advanceAsync(5_000);
    expect(defects).toEqual([broken]);
    expect(clock.pending).toHaveLength(1);
  });

  it('leaves out what cannot be an address, and says so', async () => {
    const fake = await start({ kind: 'plain-web' });
    const hosts = ['10.0.0.300:80', 'gpu:80:90'];
    const { discovery, clock } = await watching([{ fake }], { discovery: { hosts } });
    expect(discovery.ignored()).toHaveLength(2);
    expect(clock.pending).toEqual([10_000]);
  });

  it.each([true, false])('never looks without a pause, be it switched on (%s)', async (enabled) => {
    const { clock } = await watching([], { discovery: { interval: 0, enabled } });
    await clock.advanceAsync(0);
    expect(clock.pending).toEqual([10]);
  });
});
