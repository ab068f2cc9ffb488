import type { ClientKey } from '../access/keys.ts';
import type { GatewayError } from '../core/errors.ts';
import type { RequestOutcome, RequestRecord } from '../core/events.ts';
import type { ProtocolName } from '../core/model.ts';
import { isFallback } from '../gateway/answer-headers.ts';
import { candidateNotes } from '../gateway/candidate-notes.ts';
import type { Trail } from '../gateway/trail.ts';
import type { Route } from './routes.ts';

/** What of an answer its request's record tells. */
export interface ReplyFacts {
  /** 0 before there is one. */
  readonly status: number;
  /** Of the body, handed over so far. */
  readonly bytes: number;
}

export interface Asked {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly reply: ReplyFacts;
}

/** All that became known of a request. */
export interface LifeFacts {
  readonly id: string;
  readonly asked: Asked;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  /** Monotonic milliseconds at which the answer was over. */
  readonly endedAt: number;
  /** Unix milliseconds. */
  readonly startedAtMs: number;
  readonly trail: Trail;
  /** What its path leads to; undefined where nothing is. */
  readonly route: Route | undefined;
  /** Asks what may be asked. */
  readonly isPreflight: boolean;
  readonly key: ClientKey | undefined;
  /** Of the body as it was sent. */
  readonly bytesIn: number;
  /** What the client was told instead of an answer. */
  readonly error: GatewayError | undefined;
  /** It turned out not to be a request. */
  readonly refusal: GatewayError | undefined;
  /** The answer has gone out whole. */
  readonly isWhole: boolean | undefined;
}

/** The client's own leaving, as a status: nothing was sent with it. */
const leftStatus = 499;

/** What is told of a request when it is over. */
export function recordOf(life: LifeFacts): RequestRecord {
  const { trail, key, asked } = life;
  const { conclusion, plan } = trail;
  const outcome = outcomeOf(life);
  const error = outcome === 'completed' || outcome === 'cancelled' ? undefined : errorOf(life);
  const candidate = conclusion?.candidate;
  const usage = conclusion?.usage;
  return {
    requestId: life.id,
    method: asked.method,
    path: asked.path,
    startedAt: life.startedAtMs,
    ...placeOf(life.route),
    isOperational: life.isPreflight || isOperational(life.route),
    keyName: key?.name,
    owner: key?.owner,
    requestedModel: trail.requestedModel,
    provider: candidate?.endpoint.providerId ?? '',
    model: candidate?.model.upstreamId ?? '',
    strategy: plan?.strategy,
    stream: trail.isStream,
    status: outcome === 'cancelled' ? leftStatus : (error?.status ?? asked.reply.status),
    outcome,
    code: error?.code,
    message: error?.message,
    detail: error?.detail,
    attempts: trail.attempts,
    skipped: trail.skipped.map(({ label }) => label),
    fallbackUsed: isFallback(plan, candidate, trail),
    isLocal: trail.isLocal ?? candidate?.model.isLocal ?? true,
    drops: trail.drops,
    bytesIn: life.bytesIn,
    bytesOut: asked.reply.bytes,
    durationMs: life.endedAt - life.startedAt,
    queueMs: trail.attempts.reduce((sum, { queueMs }) => sum + queueMs, 0),
    firstTokenMs: conclusion?.firstTokenMs,
    usage,
    usageSource: usage === undefined ? undefined : usage.isEstimate === true ? 'estimate' : 'upstream',
    cost: conclusion?.cost,
    tier: trail.tier?.name,
    cache: trail.cache,
    candidates: () => candidateNotes(trail),
  };
}

function placeOf(route: Route | undefined): {
  readonly protocol: ProtocolName | undefined;
  readonly operation: string;
} {
  if (route === undefined) return nowhere;
  return route.kind === 'page' ? { protocol: route.protocol, operation: route.operation } : route.inbound.id;
}

const nowhere = { protocol: undefined, operation: '' };

function isOperational(route: Route | undefined): boolean {
  return route?.kind === 'page' && route.access !== 'key';
}

function errorOf({ refusal, error, trail }: LifeFacts): GatewayError | undefined {
  return refusal ?? trail.conclusion?.error ?? error;
}

function outcomeOf(life: LifeFacts): RequestOutcome {
  if (life.refusal !== undefined) return 'refused';
  const error = errorOf(life);
  const kind = life.trail.conclusion?.kind;
  if (kind === 'broken') return 'broken';
  if (kind === 'client-closed' || error?.code === 'client_closed') return 'cancelled';
  if (error !== undefined) return isRefusal(error, life) ? 'refused' : 'failed';
  return life.isWhole === true ? 'completed' : 'cancelled';
}

/** The router's own reasons to turn a request away. */
const refusals: ReadonlySet<string> = new Set(['rate_limited', 'budget_exceeded', 'loop_detected', 'overloaded']);

/** For what was asked, by whom or when, and not for want of an answer. */
function isRefusal({ source, code }: GatewayError, { trail }: LifeFacts): boolean {
  return trail.sent === 0 && (source === 'client' || refusals.has(code));
}
