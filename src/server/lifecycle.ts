import type { ClientKey } from '../access/keys.ts';
import { type Clock, delay } from '../core/clock.ts';
import type { GatewayError } from '../core/errors.ts';
import type { EventBus } from '../core/events.ts';
import { Trail } from '../gateway/trail.ts';
import { createRequestIds } from './request-ids.ts';
import { type Asked, type LifeFacts, recordOf } from './request-record.ts';
import type { Route } from './routes.ts';

export interface LifecycleDeps {
  readonly clock: Clock;
  readonly events: EventBus;
}

/** Nothing could be read, so nothing was asked. */
const nothing: Asked = { method: '', path: '', reply: { status: 0, bytes: 0 } };

/**
 * Every request begins and settles once, whatever answers it: a model, a page, or a refusal. It has settled when its
 * answer has gone out, or cannot any more, and all that was done for it has ended.
 */
export class Lifecycle {
  readonly #deps: LifecycleDeps;
  readonly #nextId = createRequestIds();
  #open = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(deps: LifecycleDeps) {
    this.#deps = deps;
  }

  /** Both `answered` and `handled` of what it returns are to be called, once each. */
  begin(asked: Asked): RequestLife {
    this.#open++;
    const life = new RequestLife(this.#deps, {
      requestId: this.#nextId(),
      asked,
      onSettled: () => {
        this.#open--;
        if (this.#open === 0) this.#idle?.resolve();
      },
    });
    this.#deps.events.emit('request-begun', life.begun);
    return life;
  }

  /** What came is not a request: the whole life of it. Returns its id. */
  refuse(error: GatewayError): string {
    const life = this.begin(nothing);
    life.refusal = error;
    life.answered(true);
    life.handled();
    return life.id;
  }

  /** Resolves when every request that has begun has settled, or after so many milliseconds. */
  async idle(limitMs: number): Promise<void> {
    if (this.#open === 0) return;
    this.#idle = Promise.withResolvers();
    const waiting = new AbortController();
    await Promise.race([this.#idle.promise, delay(this.#deps.clock, limitMs, waiting.signal).catch(() => undefined)]);
    waiting.abort();
  }
}

interface LifeOf {
  readonly requestId: string;
  readonly asked: Asked;
  readonly onSettled: () => void;
}

/** One request, from its head to its last byte. What becomes known of it on the way is kept here. */
export class RequestLife implements LifeFacts {
  readonly id: string;
  readonly asked: Asked;
  readonly startedAt: number;
  readonly startedAtMs: number;
  readonly trail: Trail;
  endedAt = 0;
  route: Route | undefined;
  isPreflight = false;
  key: ClientKey | undefined;
  bytesIn = 0;
  error: GatewayError | undefined;
  refusal: GatewayError | undefined;
  /** Undefined before it is over. */
  isWhole: boolean | undefined;
  #isHandled = false;
  readonly #deps: LifecycleDeps;
  readonly #onSettled: () => void;

  constructor(deps: LifecycleDeps, { requestId, asked, onSettled }: LifeOf) {
    this.#deps = deps;
    this.#onSettled = onSettled;
    this.id = requestId;
    this.asked = asked;
    this.startedAt = deps.clock.monotonic();
    this.startedAtMs = deps.clock.now();
    this.trail = new Trail(deps, { requestId, startedAt: this.startedAt });
  }

  get begun(): { requestId: string; method: string; path: string; startedAt: number } {
    const { id, asked, startedAtMs } = this;
    return { requestId: id, method: asked.method, path: asked.path, startedAt: startedAtMs };
  }

  /** Its answer is over: it has gone out whole, or the client has left. */
  answered(isWhole: boolean): void {
    this.isWhole = isWhole;
    this.endedAt = this.#deps.clock.monotonic();
    this.#settle();
  }

  /** Nothing is done for it any more. */
  handled(): void {
    this.#isHandled = true;
    this.#settle();
  }

  #settle(): void {
    if (!this.#isHandled || this.isWhole === undefined) return;
    this.#deps.events.emit('request-settled', recordOf(this));
    this.#onSettled();
  }
}
