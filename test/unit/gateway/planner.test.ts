import { expect, it } from 'vitest';
import { Concurrency } from '../../../src/access/concurrency.ts';
import type { StrategyName } from '../../../src/config/schema.ts';
import type { Clock } from '../../../src/core/clock.ts';
import { Availability } from '../../../src/gateway/availability.ts';
import { Planner } from '../../../src/gateway/planner.ts';
import type { RequestFacts } from '../../../src/protocols/canonical.ts';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.ts';
import { Cooldown } from '../../../src/resilience/cooldown.ts';
import { Health } from '../../../src/resilience/health.ts';
import { Stats } from '../../../src/resilience/stats.ts';
import { Sticky } from '../../../src/routing/sticky.ts';
import { Turns } from '../../../src/routing/turns.ts';
import { createFakeClock } from '../../support/clock.ts';
import { ask, snapshot } from '../registry/sample.ts';

/** Milliseconds that each of the upstreams takes, and what it costs. */
const upstreams = { slow: 90, quick: 10, middle: 30 } as const;
const prices = { slow: 1, quick: 5, middle: 3 } as const;
type Id = keyof typeof upstreams;

const facts: RequestFacts = {
  model: 'm',
  stream: false,
  includeUsage: false,
  needs: new Set(),
  promptTokens: 100,
  maxTokens: undefined,
};

/** Nobody has failed. */
function available(clock: Clock): Availability {
  const settings = { enabled: true, failureThreshold: 5, successThreshold: 2, cooldownMs: 1 };
  const breaker = new CircuitBreaker(clock, () => settings, { opened: () => {}, closed: () => {} });
  return new Availability({ health: new Health(clock), cooldown: new Cooldown(clock), breaker, suspect: () => {} });
}

/** 10,000 requests for two models in turn, so many at any time; how often each upstream was first, by model. */
function simulated(strategy: StrategyName, atOnce: number) {
  const clock = createFakeClock();
  const stats = new Stats(clock);
  const providers = Object.fromEntries(
    Object.keys(upstreams).map((id, at) => [
      id,
      {
        api_base: `http://127.0.0.1:${9_001 + at}/v1`,
        models: [{ id: 'm' }, { id: 'n' }],
        weight: at + 1,
        pricing: { input: prices[id as Id], output: prices[id as Id] },
      },
    ]),
  );
  const registry = snapshot({ config: { providers, routing: { default_strategy: strategy } } });
  const concurrency = new Concurrency(clock);
  const planner = new Planner({
    stats,
    concurrency,
    turns: new Turns(),
    sticky: new Sticky(clock),
    availability: available(clock),
    config: () => registry.config,
  });
  const resolutions = { m: ask(registry, 'm'), n: ask(registry, 'n') };
  const firsts = { m: { slow: 0, quick: 0, middle: 0 }, n: { slow: 0, quick: 0, middle: 0 } };
  let begun = 0;
  const begin = () => {
    if (begun === 10_000) return;
    const model = begun++ % 2 === 0 ? 'm' : 'n';
    const [first] = planner.plan({ resolution: resolutions[model], facts, operation: 'chat' }).candidates;
    if (first === undefined) throw new Error('nobody to ask');
    const id = first.endpoint.providerId as Id;
    firsts[model][id]++;
    const end = stats.begin(first, 'whole');
    clock.setTimer(upstreams[id], () => {
      end({ kind: 'answered', latencyMs: upstreams[id] });
      begin();
    });
  };
  for (let index = 0; index < atOnce; index++) begin();
  while (clock.pending.length > 0) clock.advance(clock.pending[0] ?? 0);
  return firsts;
}

const about = (count: number, by = 3) => ({ asymmetricMatch: (value: number) => Math.abs(value - count) <= by });

it.each([1, 32])('10,000 requests, %i at a time: each strategy keeps its promise for each model', (atOnce) => {
  for (const firsts of Object.values(simulated('priority', atOnce)))
    expect(firsts).toEqual({ slow: 5_000, quick: 0, middle: 0 });
  for (const firsts of Object.values(simulated('round-robin', atOnce)))
    expect(firsts).toEqual({ slow: 1_667, quick: 1_667, middle: 1_666 });
  for (const firsts of Object.values(simulated('weighted', atOnce)))
    expect(firsts).toEqual({ slow: about(833), quick: about(1_667), middle: about(2_500) });
  for (const firsts of Object.values(simulated('cost-optimized', atOnce)))
    expect(firsts).toEqual({ slow: 5_000, quick: 0, middle: 0 });
});

it.each([1, 32])(
  '10,000 requests, %i at a time: least-latency goes to the quickest but for a look a minute',
  (atOnce) => {
    for (const { quick, slow, middle } of Object.values(simulated('least-latency', atOnce))) {
      expect(quick).toBeGreaterThan(4_900);
      // Before anything is known, a crowd is spread; after that each is looked at once a minute.
      expect(slow + middle).toBeGreaterThanOrEqual(2);
      expect(slow + middle).toBeLessThan(60);
    }
  },
);

it('10,000 requests: least-busy keeps all equally busy, so the quick one does the most', () => {
  for (const { slow, quick, middle } of Object.values(simulated('least-busy', 30))) {
    expect(quick).toBeGreaterThan(2 * middle);
    expect(middle).toBeGreaterThan(2 * slow);
  }
  const idle = simulated('least-busy', 1);
  expect(idle.m).toEqual({ slow: about(1_667), quick: about(1_667), middle: about(1_667) });
});

it.each([1, 32])('10,000 requests, %i at a time: adaptive prefers the quick and leaves some for all', (atOnce) => {
  for (const { slow, quick, middle } of Object.values(simulated('adaptive', atOnce))) {
    expect(quick).toBeGreaterThan(middle);
    expect(middle).toBeGreaterThan(slow);
    expect(slow).toBeGreaterThanOrEqual(240);
  }
});

it('a preview shows the next plan and uses up no turn', () => {
  const clock = createFakeClock();
  const registry = snapshot({
    config: {
      providers: {
        a: { api_base: 'http://127.0.0.1:9001/v1', models: [{ id: 'm' }] },
        b: { api_base: 'http://127.0.0.1:9002/v1', models: [{ id: 'm' }] },
      },
      routing: { default_strategy: 'round-robin' },
    },
  });
  const turns = new Turns();
  const concurrency = new Concurrency(clock);
  const planner = new Planner({
    stats: new Stats(clock),
    concurrency,
    turns,
    sticky: new Sticky(clock),
    availability: available(clock),
    config: () => registry.config,
  });
  const planned = { resolution: ask(registry, 'm'), facts, operation: 'chat' as const };
  const previewed = planner.preview(planned);
  expect(planner.preview(planned)).toEqual(previewed);
  expect(planner.plan(planned)).toEqual(previewed);
  expect(planner.plan(planned).candidates).toEqual(previewed.candidates.toReversed());
  expect(previewed.strategy).toBe('round-robin');
});
