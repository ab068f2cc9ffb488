import type { Clock } from '../core/clock.ts';
import { cut } from '../core/cut.ts';
import type { EventBus, RequestRecord } from '../core/events.ts';
import type { Plan, Usage } from '../core/model.ts';
import type { RequestFacts } from '../protocols/canonical.ts';
import { isFallback } from './answer-headers.ts';
import type { PlanOutcome } from './attempts.ts';
import type { Exchange } from './exchange.ts';

export interface SettleInput {
  readonly exchange: Exchange;
  readonly outcome: PlanOutcome;
  readonly plan: Plan | undefined;
  readonly facts: RequestFacts | undefined;
  readonly usage: Usage | undefined;
  readonly cost: number | undefined;
}

const outcomes: Readonly<Record<PlanOutcome['kind'], RequestRecord['outcome']>> = {
  answered: 'ok',
  failed: 'failed',
  broken: 'broken',
  'client-closed': 'client-closed',
};

/** Final accounting, once a request: the one event that logs, metrics and the ledger are made of. */
export function settle(deps: { readonly clock: Clock; readonly events: EventBus }, input: SettleInput): void {
  const { exchange, outcome, plan, facts } = input;
  const { candidate } = outcome;
  const error = 'error' in outcome ? outcome.error : undefined;
  deps.events.emit('request-settled', {
    requestId: exchange.id,
    method: exchange.method,
    path: exchange.path,
    operation: exchange.inbound.id.operation,
    requestedModel: cut(facts?.model ?? '', 256),
    provider: candidate?.endpoint.providerId ?? '',
    model: candidate?.model.upstreamId ?? '',
    status: statusOf(outcome),
    stream: facts?.stream ?? false,
    outcome: outcomes[outcome.kind],
    code: error?.code,
    message: error?.message,
    detail: error?.detail,
    attempts: exchange.trail.attempts,
    skipped: exchange.trail.skipped.map(({ label }) => label),
    fallbackUsed: isFallback(plan, candidate, exchange.trail),
    isLocal: exchange.trail.isLocal ?? candidate?.model.isLocal ?? true,
    durationMs: deps.clock.monotonic() - exchange.startedAt,
    firstTokenMs: outcome.kind === 'answered' ? outcome.firstTokenMs : undefined,
    usage: input.usage,
    cost: input.cost,
    cache: exchange.trail.cache,
    keyName: exchange.key?.name,
  });
}

function statusOf(outcome: PlanOutcome): number {
  if (outcome.kind === 'answered') return outcome.status;
  if (outcome.kind === 'client-closed') return 499;
  return outcome.error.status;
}
