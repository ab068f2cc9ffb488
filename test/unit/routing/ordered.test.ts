import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../../src/core/model.ts';
import { strategyOf } from '../../../src/routing/strategies.ts';
import { ask, modelFacts, places, server, snapshot } from '../registry/sample.ts';
import { candidate, choices, circumstances } from './sample.ts';

function order(candidates: readonly Candidate[], discovered: readonly string[] = []): readonly string[] {
  const plan = strategyOf('priority').plan(choices(candidates), circumstances(false, discovered));
  return plan.candidates.map((one) => one.endpoint.providerId);
}

describe('the ordered strategy', () => {
  it('puts local before hosted', () => {
    expect(order([candidate('hosted'), candidate('local', { isLocal: true })])).toEqual(['local', 'hosted']);
  });

  it('goes by priority among equals, none last', () => {
    const some = [candidate('none'), candidate('two', { priority: 2 }), candidate('one', { priority: 1 })];
    expect(order(some)).toEqual(['one', 'two', 'none']);
    expect(order([candidate('first', { priority: 0 }), candidate('local', { isLocal: true })])).toEqual([
      'local',
      'first',
    ]);
  });

  it('prefers a loaded model when otherwise equal, and one that may be loaded to one that is not', () => {
    const cold = candidate('cold', { isLocal: true, isLoaded: false });
    const warm = candidate('warm', { isLocal: true, isLoaded: true });
    expect(order([cold, candidate('unsure', { isLocal: true }), warm])).toEqual(['unsure', 'warm', 'cold']);
    expect(order([candidate('x', { isLoaded: false, priority: 1 }), candidate('y', { isLoaded: true })])).toEqual([
      'x',
      'y',
    ]);
  });

  it('puts what was only found after what was meant, local or not', () => {
    const found = candidate('found', { isLocal: true });
    expect(order([found, candidate('declared')], ['found'])).toEqual(['declared', 'found']);
  });

  it('keeps declared order among equals, and an order that the user wrote', () => {
    const some = [candidate('b'), candidate('a'), candidate('c')];
    expect(order(some)).toEqual(['b', 'a', 'c']);
    const written = [candidate('hosted'), candidate('local', { isLocal: true, priority: 1 })];
    const plan = strategyOf('ordered').plan(choices(written), circumstances(true));
    expect(plan).toMatchObject({ kind: 'in-turn', strategy: 'priority', candidates: written });
  });

  it('answers auto from the own machine first, although nobody declared it', () => {
    const mixed = snapshot({
      environment: { OPENAI_API_KEY: 'k' },
      servers: [
        server('http://127.0.0.1:11434', 'ollama', {
          models: [modelFacts('cold', { isLoaded: false }), modelFacts('warm', { isLoaded: true })],
        }),
      ],
      listings: new Map([['openai', [modelFacts('gpt-4o')]]]),
    });
    const resolution = ask(mixed, 'auto');
    const plan = strategyOf(resolution.strategy).plan(choices(resolution.candidates), {
      ...circumstances(false),
      resolution,
    });
    expect(places({ ...resolution, candidates: plan.candidates })).toEqual([
      'ollama:warm',
      'ollama:cold',
      'openai:gpt-4o',
    ]);
  });
});
