import type { Socket } from 'node:net';
import { type buildConnector, Client, type Dispatcher } from 'undici';
import type { Clock } from '../core/clock.ts';
import type { Reach } from './address.ts';
import { reachOfSocket } from './connector.ts';

/** Bounds of the time in which the closing of a connection may still have crossed our request. Milliseconds. */
const crossing = { least: 100, most: 1_000 };

/** A request that wants to know which connection carries it. */
export interface Passenger extends Dispatcher.DispatchHandler {
  /** Called before the request is written, with the options that reach the lane. */
  board(lane: Lane, options: Dispatcher.DispatchOptions): void;
}

/** One connection of a pool, opened anew after the last one has closed. Carries one request at a time. */
export class Lane extends Client {
  /** Requests that the connection has carried, the present one included. */
  carried = 0;
  #connectMs = 0;
  #reach: Reach = 'internet';

  constructor(clock: Clock, origin: URL, options: Client.Options) {
    const connect = options.connect as buildConnector.connector;
    super(origin, {
      ...options,
      connect: (about, callback) => {
        const startedAt = clock.monotonic();
        connect(about, (...result) => {
          this.#opened(clock.monotonic() - startedAt, result[1]);
          callback(...result);
        });
      },
    });
  }

  /**
   * A server that closes an idle connection just as we write to it is heard of within this time: opening the
   * connection took at least the one round trip that it needs. What comes later may come of work on the request.
   * Milliseconds.
   */
  get crossingMs(): number {
    return Math.min(crossing.most, Math.max(crossing.least, this.#connectMs));
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    (handler as Partial<Passenger>).board?.(this, options);
    return super.dispatch(options, handler);
  }

  /** How far the present connection goes. */
  get reach(): Reach {
    return this.#reach;
  }

  #opened(connectMs: number, socket: Socket | null): void {
    this.#connectMs = connectMs;
    this.#reach = reachOfSocket(socket);
    this.carried = 0;
  }
}
