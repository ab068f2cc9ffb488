import { describe, expect, it } from 'vitest';
import { IdleMemory } from '../../../src/server/idle-memory.ts';
import { createFakeClock } from '../../support/clock.ts';

function watched() {
  const clock = createFakeClock();
  const state = { inFlight: 0, answered: 0, collections: 0, resident: 80e6 };
  const memory = new IdleMemory({
    clock,
    inFlight: () => state.inFlight,
    answered: () => state.answered,
    resident: () => state.resident,
    collect: () => {
      state.collections++;
    },
  });
  memory.start();
  return { clock, state, memory };
}

describe('IdleMemory', () => {
  it('collects once when a busy time is over', () => {
    const { clock, state } = watched();
    state.answered = 5_000;
    clock.advance(7_000);
    expect(state.collections).toBe(0);
    clock.advance(1_750);
    expect(state.collections).toBe(1);
    clock.advance(60_000);
    expect(state.collections).toBe(1);
  });

  it('waits out the pauses of a busy time', () => {
    const { clock, state } = watched();
    for (let burst = 0; burst < 10; burst++) {
      state.answered += 5_000;
      clock.advance(5_000);
    }
    expect(state.collections).toBe(0);
  });

  it('leaves a request in flight alone for half a minute, and a quiet router for good', () => {
    const { clock, state } = watched();
    state.answered = 5_000;
    state.inFlight = 1;
    clock.advance(28_000);
    expect(state.collections).toBe(0);
    clock.advance(1_750);
    expect(state.collections).toBe(1);
    state.inFlight = 0;
    state.answered += 10;
    clock.advance(60_000);
    expect(state.collections).toBe(1);
  });

  it('collects after a few requests that were large, once', () => {
    const { clock, state } = watched();
    state.answered = 3;
    state.resident += 7e6;
    clock.advance(60_000);
    expect(state.collections).toBe(0);
    state.resident += 2e6;
    clock.advance(60_000);
    expect(state.collections).toBe(1);
    // What a collection leaves is in use.
    state.answered += 3;
    clock.advance(60_000);
    expect(state.collections).toBe(1);
    state.resident += 9e6;
    clock.advance(60_000);
    expect(state.collections).toBe(2);
  });

  it('takes a few requests now and then for quiet', () => {
    const { clock, state } = watched();
    state.answered = 5_000;
    for (let at = 0; at < 20; at++) {
      state.answered += 2;
      clock.advance(1_750);
    }
    expect(state.collections).toBe(1);
  });

  it('does not collect for growth without a request', () => {
    const { clock, state } = watched();
    state.resident += 100e6;
    clock.advance(60_000);
    expect(state.collections).toBe(0);
  });

  it('stops looking when it is closed', () => {
    const { clock, state, memory } = watched();
    state.answered = 5_000;
    memory.close();
    clock.advance(60_000);
    expect(state.collections).toBe(0);
  });
});
