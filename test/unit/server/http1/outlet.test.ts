import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Batch } from '../../../../src/core/batch.ts';
import { Outlet } from '../../../../src/server/http1/outlet.ts';
import { createFakeClock } from '../../../support/clock.ts';
import { turn } from './serving.ts';

const limitMs = 300_000;
/** Of a piece, as it is written at once. */
const piece = 256 * 1024;

/** An outlet to a client that takes what the test lets it take. */
function open() {
  const clock = createFakeClock();
  const told: string[] = [];
  const taken: Buffer[] = [];
  let goOn: (() => void) | undefined;
  const socket = new Duplex({
    read: () => undefined,
    write(bytes: Buffer, _encoding, done) {
      taken.push(bytes);
      goOn = done;
    },
  });
  const outlet = new Outlet({
    socket: socket as Socket,
    context: { clock, batch: new Batch(), writeTimeoutMs: limitMs },
    onTaken: () => told.push('taken'),
    onStalled: () => told.push('stalled'),
  });
  return {
    clock,
    told,
    outlet,
    sizes: () => taken.map(({ length }) => length).filter((size) => size > 0),
    text: () => Buffer.concat(taken).toString('latin1'),
    onRoom: () => outlet.onRoom(() => told.push('room')),
    /** The client takes what was written first and not taken yet. */
    async take(): Promise<void> {
      await turn();
      const done = goOn;
      goOn = undefined;
      done?.();
      await turn();
    },
  };
}

const bytes = (size: number, of = 'x') => Buffer.alloc(size, of);

describe('much', () => {
  it('goes out in pieces, between the text around it', async () => {
    const { outlet, take, sizes, text, told } = open();
    outlet.write('a');
    expect(outlet.writeLarge('b', bytes(2 * piece + 1), 'c')).toBe(false);
    outlet.write('d');
    outlet.end();
    for (let at = 0; at < 5; at++) await take();
    expect(told).toEqual([]);
    await take();
    expect(sizes()).toEqual([2, piece, piece, 1, 2]);
    expect(text()).toBe(`ab${'x'.repeat(2 * piece + 1)}cd`);
    expect(told).toEqual(['taken']);
  });

  it('as text is the same', async () => {
    const { outlet, take, sizes } = open();
    outlet.writeLarge('', '€'.repeat(piece / 2), '');
    for (let at = 0; at < 2; at++) await take();
    expect(sizes()).toEqual([piece, piece / 2]);
  });

  it('is waited for with all that comes after it', async () => {
    const { outlet, take, sizes, onRoom, told } = open();
    outlet.writeLarge('', bytes(piece + 1), '');
    outlet.writeLarge('', bytes(100_000, 'y'), '');
    onRoom();
    for (let at = 0; at < 2; at++) await take();
    expect(told).toEqual([]);
    await take();
    expect([sizes(), told]).toEqual([[piece, 1, 100_000], ['room']]);
  });

  it('in many chunks waits for the client chunk by chunk', async () => {
    const { clock, outlet, take, sizes } = open();
    for (let at = 0; at < 3; at++) outlet.writeLarge('', bytes(100_000), '');
    for (let count = 1; count < 3; count++) {
      await turn();
      expect([sizes(), clock.pending]).toEqual([Array(count).fill(100_000), [limitMs]]);
      clock.advance(1_000);
      await take();
    }
    expect(clock.pending).toEqual([]);
  });

  it('holds a writer up that was waiting for room before', async () => {
    const { outlet, take, onRoom, told } = open();
    outlet.write('x'.repeat(100_000));
    onRoom();
    await turn();
    outlet.writeLarge('', bytes(2 * piece), '');
    for (let at = 0; at < 2; at++) await take();
    expect(told).toEqual([]);
    await take();
    expect(told).toEqual(['room']);
  });
});

describe('the time of a client', () => {
  it.each([0, 1, 2])('begins anew with each piece it takes, and is over after %i', async (count) => {
    const { clock, outlet, take, told } = open();
    outlet.writeLarge('', bytes(3 * piece), '');
    outlet.end();
    for (let at = 0; at < count; at++) {
      clock.advance(limitMs - 1);
      await take();
    }
    clock.advance(limitMs - 1);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(told).toEqual(['stalled']);
  });

  it('is over as well when a writer waits for the last piece', async () => {
    const { clock, outlet, take, onRoom, told } = open();
    outlet.writeLarge('', bytes(2 * piece), '');
    onRoom();
    await take();
    expect(clock.pending).toEqual([limitMs]);
    clock.advance(limitMs);
    expect(told).toEqual(['stalled']);
  });

  it('is not counted when it has taken all, whether anybody waits or not', async () => {
    const { clock, outlet, take, onRoom, told } = open();
    outlet.writeLarge('', bytes(2 * piece), '');
    for (let at = 0; at < 2; at++) await take();
    expect(clock.pending).toEqual([]);
    outlet.write('x'.repeat(100_000));
    onRoom();
    await take();
    expect([told, clock.pending]).toEqual([['room'], []]);
  });

  it('goes on counting when nothing more is said', async () => {
    const { clock, outlet, onRoom, told } = open();
    outlet.write('x'.repeat(100_000));
    onRoom();
    await turn();
    clock.advance(limitMs - 1);
    outlet.end();
    await turn();
    clock.advance(1);
    expect(told).toEqual(['stalled']);
  });
});
