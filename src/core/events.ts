import type { ErrorCode } from './errors.ts';
import type { ProtocolName, Usage } from './model.ts';

/** A request's head has come. Exactly one `request-settled` with the same id follows. */
export interface RequestBegun {
  readonly requestId: string;
  /** Empty for what is not a request that could be read. */
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Unix milliseconds. */
  readonly startedAt: number;
}

/** Where a name led, and who is asked in which order. */
export interface RequestResolved {
  readonly requestId: string;
  readonly model: string;
  readonly rule: string;
  readonly strategy: string;
  /** `provider:model`, in the order of the plan. */
  readonly candidates: () => readonly string[];
}

/** An upstream is about to be asked. Exactly one `attempt-ended` with the same id and number follows. */
export interface AttemptBegun {
  readonly requestId: string;
  /** Counts the request's attempts in the order in which they begin, from 0. */
  readonly number: number;
  readonly provider: string;
  /** The upstream's id of the model. */
  readonly model: string;
  /** Since the request began. Milliseconds. */
  readonly startMs: number;
}

export interface AttemptRecord extends AttemptBegun {
  /** `ok`, `lost` for one that was stopped since another won the race, or the code of the error that ended it. */
  readonly code: ErrorCode | 'ok' | 'lost';
  /** The upstream's HTTP status; undefined when none came. */
  readonly status: number | undefined;
  /** All of it, the time in the queue included. Milliseconds. */
  readonly durationMs: number;
  /** Of that, spent waiting for a place at the provider. */
  readonly queueMs: number;
  readonly message: string | undefined;
}

/**
 * completed: answered. refused: not answered, for what the client asked or may not; nobody was asked. failed: nobody
 * could answer. broken: part of an answer came. cancelled: the client left first, or was let go at the end.
 */
export type RequestOutcome = 'completed' | 'refused' | 'failed' | 'broken' | 'cancelled';

/** One place that a request might have gone, and why it did or did not. */
export interface CandidateNote {
  /** `provider:model` */
  readonly candidate: string;
  /** `spare`: those before it were enough. `passed-over`: put last or left out for its state. `rejected`: did not fit. */
  readonly fate: 'answered' | 'failed' | 'lost' | 'spare' | 'passed-over' | 'rejected';
  /** An error's code, a state, or a reason in words. */
  readonly why: string | undefined;
}

/** All that is known of one request when it is over: what logs, metrics, traces and the ledger are made of. */
export interface RequestRecord extends RequestBegun {
  /** Of the client's protocol; undefined where the path has none. */
  readonly protocol: ProtocolName | undefined;
  /** What was asked for, `chat` or `models`; empty where nothing is at the path. */
  readonly operation: string;
  /** Asked by those who run the router, not for a model: health, readiness, the commands. */
  readonly isOperational: boolean;
  readonly keyName: string | undefined;
  readonly owner: string | undefined;
  readonly requestedModel: string;
  /** Who answered, or failed last; empty when nobody was asked. */
  readonly provider: string;
  /** The upstream's id of the model. */
  readonly model: string;
  readonly strategy: string | undefined;
  readonly stream: boolean;
  readonly status: number;
  readonly outcome: RequestOutcome;
  readonly code: ErrorCode | undefined;
  readonly message: string | undefined;
  /** For logs; never shown to the client. */
  readonly detail: string | undefined;
  readonly attempts: readonly AttemptRecord[];
  /** `ollama;down` */
  readonly skipped: readonly string[];
  readonly fallbackUsed: boolean;
  /** Nothing of it left the user's network. */
  readonly isLocal: boolean;
  /** What the target's protocol could not carry. */
  readonly drops: readonly string[];
  /** Of the body, as the client sent it. */
  readonly bytesIn: number;
  /** Of the body, as far as it was handed over. */
  readonly bytesOut: number;
  /** From the head's arrival to the last byte that went out. Milliseconds, like the other two. */
  readonly durationMs: number;
  readonly queueMs: number;
  readonly firstTokenMs: number | undefined;
  readonly usage: Usage | undefined;
  readonly usageSource: 'upstream' | 'estimate' | undefined;
  /** US dollars; undefined when unknown. */
  readonly cost: number | undefined;
  /** Name of the tier that the request went to for how hard it is. */
  readonly tier: string | undefined;
  /** What the cache of answers did; undefined while there is none. */
  readonly cache: 'hit' | 'miss' | 'bypass' | undefined;
  /** Every place that the name meant. Made when asked for. */
  readonly candidates: () => readonly CandidateNote[];
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
  'request-begun': RequestBegun;
  'request-resolved': RequestResolved;
  'attempt-begun': AttemptBegun;
  'attempt-ended': AttemptRecord;
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
