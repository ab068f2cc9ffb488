import { describe, expect, it } from 'vitest';
import { givesUp, type Loss, Place } from '../../../src/gateway/waiting.ts';

const loss = (about: Partial<Loss> = {}): Loss => ({ kind: 'silent', sinceMs: 100, detail: 'no answer', ...about });

function waiting(place: Place, since: number) {
  const losses: Loss[] = [];
  const waiter = { since, onLoss: (found: Loss) => void losses.push(found) };
  place.join(waiter);
  return { waiter, losses };
}

describe('a place', () => {
  it('tells a loss to those who waited before the look began', () => {
    const place = new Place();
    const [before, after] = [waiting(place, 100), waiting(place, 101)];
    place.lose(loss());
    expect([before.losses.length, after.losses.length]).toEqual([1, 0]);
  });

  it('tells nothing to those who have left', () => {
    const place = new Place();
    const { waiter, losses } = waiting(place, 0);
    place.leave(waiter);
    place.leave(waiter);
    place.lose(loss());
    expect(losses).toEqual([]);
  });

  it('is not lost by silence when its server sent something since', () => {
    const place = new Place();
    const { losses } = waiting(place, 0);
    place.heardAt = 100;
    place.lose(loss());
    expect(losses).toEqual([]);
    place.lose(loss({ kind: 'gone' }));
    place.lose(loss({ sinceMs: 101 }));
    expect(losses.map(({ kind }) => kind)).toEqual(['gone', 'silent']);
  });

  it('lets those who are told leave and come', () => {
    const place = new Place();
    const told: number[] = [];
    for (const number of [1, 2]) {
      const waiter = {
        since: 0,
        onLoss: () => {
          told.push(number);
          place.leave(waiter);
          place.join({ since: 0, onLoss: () => told.push(-number) });
        },
      };
      place.join(waiter);
    }
    place.lose(loss());
    expect(told).toEqual([1, 2]);
  });
});

it('only a server that is gone is waited for, by those who have no other', () => {
  const cases = (['silent', 'gone'] as const).flatMap((kind) =>
    [true, false].map((isLastHope) => [kind, isLastHope, givesUp(loss({ kind }), isLastHope)]),
  );
  expect(cases).toEqual([
    ['silent', true, true],
    ['silent', false, true],
    ['gone', true, false],
    ['gone', false, true],
  ]);
});
