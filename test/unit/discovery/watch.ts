import type { FirstQuestion } from '../../../src/catalogue/local-servers.ts';
import type { ServerFacts } from '../../../src/core/facts.ts';
import type { Endpoint } from '../../../src/core/model.ts';
import { createDiscovery, type Discovery } from '../../../src/discovery/discovery.ts';
import type { DiscoveryOptions, DiscoverySettings, OwnAddress } from '../../../src/discovery/options.ts';
import { createFakeClock, type FakeClock } from '../../support/clock.ts';
import type { FakeUpstream } from '../../support/fake-upstream.ts';

/** A fake, and the kind of port it stands on. */
export interface Stand {
  readonly fake: FakeUpstream;
  readonly first?: FirstQuestion;
}

export interface Watching {
  readonly discovery: Discovery;
  readonly clock: FakeClock;
  /** Resolves with the facts as soon as they satisfy `is`. */
  when(is: (facts: readonly ServerFacts[]) => boolean): Promise<readonly ServerFacts[]>;
  readonly changes: () => number;
}

export interface WatchOptions {
  readonly declared?: readonly Endpoint[];
  readonly self?: readonly OwnAddress[];
  /** Changes the rest. */
  readonly options?: Partial<DiscoveryOptions>;
  readonly discovery?: Partial<DiscoverySettings['discovery']>;
}

export function settingsFor(declared: readonly Endpoint[] = []): DiscoverySettings {
  return {
    discovery: { enabled: true, interval: 10_000, hosts: [] },
    declared: declared.map((endpoint) => ({ endpoint, wantsListing: false })),
  };
}

/** Discovery over the ports of these fakes alone, on a clock that stands still. The caller closes it. */
export function watch(stands: readonly Stand[], options: WatchOptions = {}): Watching {
  const clock = createFakeClock();
  let changes = 0;
  let waiting: (() => void)[] = [];
  const settings = settingsFor(options.declared);
  const discovery = createDiscovery(
    {
      clock,
      environment: {},
      homeDirectory: '/nonexistent',
      self: () => options.self ?? [],
      fetchListing: () => Promise.reject(new Error('nothing is hosted here')),
      ports: stands.map(({ fake, first }) => ({ port: fake.port, kinds: [], first: first ?? 'models' })),
      onChange: () => {
        changes += 1;
        const woken = waiting;
        waiting = [];
        for (const wake of woken) wake();
      },
      ...options.options,
    },
    { ...settings, discovery: { ...settings.discovery, ...options.discovery } },
  );
  return {
    discovery,
    clock,
    changes: () => changes,
    async when(is) {
      while (!is(discovery.facts())) await new Promise<void>((resolve) => waiting.push(resolve));
      return discovery.facts();
    },
  };
}
