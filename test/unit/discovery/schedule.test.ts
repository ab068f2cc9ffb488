import { describe, expect, it } from 'vitest';
import type { ServerFacts } from '../../../src/core/facts.ts';
import type { ProbeResult } from '../../../src/discovery/probe.ts';
import type { Site } from '../../../src/discovery/scan.ts';
import { afterLook, newSite, type SiteState } from '../../../src/discovery/schedule.ts';

const target = { origin: 'http://127.0.0.1:11434', basePath: '/v1', first: 'ollama' } as const;
const site: Site = { key: 'k', targets: [target], only: undefined, declaredKind: undefined };
const refused: ProbeResult = { kind: 'nothing', reason: 'refused' };
const silent: ProbeResult = { kind: 'nothing', reason: 'silent' };

const facts: ServerFacts = {
  origin: target.origin,
  baseUrl: `${target.origin}/v1`,
  kind: 'ollama',
  version: '0.33.0',
  state: 'ready',
  models: [],
  answersAnyModel: false,
  isAggregator: false,
  checkedAtMs: 0,
};
const model = { id: 'm' } as ServerFacts['models'][number];
const ready: ProbeResult = { kind: 'server', facts: { ...facts, models: [model] } };

/** The state after these results in a row, each as soon as it was due; and the delay until the next look. */
function stateAfter(
  results: readonly ProbeResult[],
  start: Site = site,
): { readonly state: SiteState; readonly wait: number } {
  let state = newSite(start, 0);
  let nowMs = 0;
  for (const result of results) {
    nowMs = state.dueAtMs;
    state = afterLook(state, { target, result }, { nowMs, wallMs: nowMs, intervalMs: 10_000 });
  }
  return { state, wait: state.dueAtMs - nowMs };
}

function times(count: number, result: ProbeResult): readonly ProbeResult[] {
  return Array.from({ length: count }, () => result);
}

describe('when to look again', () => {
  it('asks a server and an empty port at the interval', () => {
    expect(stateAfter([ready]).wait).toBe(10_000);
    expect(stateAfter([refused])).toMatchObject({ wait: 10_000, state: { facts: undefined } });
  });

  it('asks a port that is something else after a minute, then ever more rarely, hourly at last', () => {
    const waits = [1, 2, 3, 4, 5].map((looks) => stateAfter(times(looks, { kind: 'other' })).wait);
    expect(waits).toEqual([60_000, 300_000, 1_500_000, 3_600_000, 3_600_000]);
  });

  it('asks at the interval again once the stranger is gone', () => {
    expect(stateAfter([{ kind: 'other' }, { kind: 'other' }, refused])).toMatchObject({
      wait: 10_000,
      state: { strangers: 0 },
    });
  });

  it('asks a loading server every second', () => {
    expect(stateAfter([{ kind: 'server', facts: { ...facts, state: 'loading' } }]).wait).toBe(1_000);
  });

  it('asks a server that stopped every second at first, then at the interval', () => {
    expect(stateAfter([ready, refused]).wait).toBe(1_000);
    expect(stateAfter([ready, ...times(10, refused)]).wait).toBe(1_000);
    expect(stateAfter([ready, ...times(11, refused)]).wait).toBe(10_000);
  });
});

describe('what is known after a look', () => {
  it('keeps a server that stopped, with its models, as down', () => {
    const { state } = stateAfter([ready, refused]);
    expect(state.facts).toMatchObject({
      state: 'down',
      models: [{ id: 'm' }],
      detail: 'nothing answers on 127.0.0.1:11434',
    });
  });

  it('takes silence for down only when it lasts', () => {
    expect(stateAfter([ready, silent, silent]).state.facts?.state).toBe('ready');
    expect(stateAfter([ready, silent, silent, silent]).state.facts).toMatchObject({
      state: 'down',
      detail: '127.0.0.1:11434 accepts connections but does not answer',
    });
    expect(stateAfter([ready, silent, silent, ready, silent]).state.facts?.state).toBe('ready');
  });

  it('keeps the models of a server that loads again', () => {
    const loading: ProbeResult = { kind: 'server', facts: { ...facts, state: 'loading' } };
    expect(stateAfter([ready, refused, loading]).state.facts).toMatchObject({
      state: 'loading',
      models: [{ id: 'm' }],
    });
  });

  it('forgets the models that a ready server no longer lists', () => {
    expect(stateAfter([ready, { kind: 'server', facts }]).state.facts?.models).toEqual([]);
  });

  it('marks a server down whose port something else has taken, and looks twice before it believes it', () => {
    expect(stateAfter([ready, { kind: 'other' }])).toMatchObject({ wait: 1_000, state: { facts: { state: 'down' } } });
    expect(stateAfter([ready, { kind: 'other' }, { kind: 'other' }]).wait).toBe(300_000);
  });

  it('shows a declared server as down from the first look on', () => {
    const declared: Site = { ...site, declaredKind: 'vllm' };
    expect(stateAfter([refused], declared).state.facts).toMatchObject({ kind: 'vllm', state: 'down', models: [] });
    expect(stateAfter([{ kind: 'self' }], declared).state.facts?.detail).toBe('127.0.0.1:11434 is this router itself');
  });

  it('shows nothing of a kind that is not wanted', () => {
    expect(stateAfter([ready], { ...site, only: ['vllm'] })).toMatchObject({
      wait: 60_000,
      state: { facts: undefined },
    });
  });
});
