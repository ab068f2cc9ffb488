import type { ErrorCode } from './errors.ts';
import type { Usage } from './model.ts';

/**
 * What happens to a request, told once each by the part that owns the fact; telemetry turns them into logs and metrics.
 */
export interface AttemptRecord {
  readonly provider: string;
  /** The upstream's id of the model. */
  readonly model: string;
  /** `ok`, `lost` for one that was stopped since another won the race, or the code of the error that ended it. */
  readonly code: ErrorCode | 'ok' | 'lost';
  /** The upstream's HTTP status; undefined when none came. */
  readonly status?: number | undefined;
  readonly durationMs: number;
  readonly message?: string | undefined;
}

export interface RequestRecord {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly operation: string;
  readonly requestedModel: string;
  readonly provider: string;
  readonly model: string;
  readonly status: number;
  readonly stream: boolean;
  readonly outcome: 'ok' | 'failed' | 'client-closed' | 'broken';
  readonly code?: ErrorCode | undefined;
  readonly message?: string | undefined;
  /** For logs; never shown to the client. */
  readonly detail?: string | undefined;
  readonly attempts: readonly AttemptRecord[];
  readonly skipped: readonly string[];
  readonly fallbackUsed: boolean;
  readonly isLocal: boolean;
  readonly durationMs: number;
  readonly firstTokenMs?: number | undefined;
  readonly usage?: Usage | undefined;
  /** US dollars. */
  readonly cost?: number | undefined;
  /** What the cache of answers did; undefined while there is none. */
  readonly cache?: 'hit' | 'miss' | 'bypass' | undefined;
  /** Name of the key that was used. */
  readonly keyName?: string | undefined;
}

/** One of the two answers to a mirrored request. */
export interface MirroredAnswer {
  readonly provider: string;
  /** The upstream's id. */
  readonly model: string;
  /** `ok`, or why there is no answer. */
  readonly code: ErrorCode | 'ok';
  readonly durationMs: number;
  readonly firstTokenMs?: number | undefined;
  readonly usage?: Usage | undefined;
  /** US dollars. */
  readonly cost?: number | undefined;
}

export interface MirrorRecord {
  /** Name of the rule. */
  readonly mirror: string;
  /** Of the request that was copied. */
  readonly requestId: string;
  readonly requestedModel: string;
  readonly original: MirroredAnswer;
  readonly copy: MirroredAnswer;
  /** Share of the words that both answers have, 0 to 1; undefined where one is not known whole. */
  readonly similarity?: number | undefined;
}

export interface RouterEvents {
  'mirror-settled': MirrorRecord;
  'request-settled': RequestRecord;
  'provider-up': { readonly provider: string; readonly kind: string; readonly models: number };
  'provider-down': { readonly provider: string; readonly reason: string };
  'models-changed': {
    readonly provider: string;
    readonly added: readonly string[];
    readonly removed: readonly string[];
  };
  'breaker-opened': { readonly candidate: string; readonly cooldownMs: number };
  'breaker-closed': { readonly candidate: string };
  'config-reloaded': { readonly path: string };
  'config-rejected': { readonly path: string; readonly problems: readonly string[] };
  'config-warning': { readonly message: string };
  /** Something failed that nothing outside can make fail; what it belonged to goes on. */
  defect: { readonly message: string; readonly detail: string };
}

/** What to tell of something thrown in `where`. */
export function defectOf(where: string, thrown: unknown): RouterEvents['defect'] {
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const detail = thrown instanceof Error ? (thrown.stack ?? reason) : reason;
  return { message: `${where} failed inside the router: ${reason}`, detail };
}

export type EventName = keyof RouterEvents;
type Listener<K extends EventName> = (event: RouterEvents[K]) => void;

/** Typed, synchronous. A listener that throws is a defect and surfaces as an uncaught exception, not in the emitter. */
export class EventBus {
  readonly #listeners = new Map<EventName, Set<Listener<never>>>();

  /** Returns the function that unsubscribes. */
  on<K extends EventName>(name: K, listener: Listener<K>): () => void {
    const set = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, set);
    set.add(listener as Listener<never>);
    return () => set.delete(listener as Listener<never>);
  }

  emit<K extends EventName>(name: K, event: RouterEvents[K]): void {
    const set = this.#listeners.get(name);
    if (set === undefined) return;
    for (const listener of set) {
      try {
        (listener as Listener<K>)(event);
      } catch (thrown) {
        queueMicrotask(() => {
          throw thrown;
        });
      }
    }
  }
}
