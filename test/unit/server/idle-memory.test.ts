import { describe, expect, it } from 'vitest';
import { IdleMemory } from '../../../src/server/idle-memory.ts';
import { createFakeClock } from '../../support/clock.ts';

function watched() {
  const clock = createFakeClock();
  const state = { inFlight: 0, answered: 0, collections: 0 };
  const memory = new IdleMemory({
    clock,
    inFlight: () => state.inFlight,
    answered: () => state.answered,
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

  it('leaves a request in flight alone, and a quiet router too', () => {
    const { clock, state } = watched();
    state.answered = 5_000;
    state.inFlight = 1;
    clock.advance(60_000);
    expect(state.collections).toBe(0);
    state.inFlight = 0;
    clock.advance(7_000);
    expect(state.collections).toBe(1);
    state.answered += 10;
    clock.advance(60_000);
    expect(state.collections).toBe(1);
  });

  it('stops looking when it is closed', () => {
    const { clock, state, memory } = watched();
    state.answered = 5_000;
    memory.close();
    clock.advance(60_000);
    expect(state.collections).toBe(0);
  });
});
