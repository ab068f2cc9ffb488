import type { Candidate, Plan } from '../core/model.ts';
import type { Exchange, RoutingHeaders } from './exchange.ts';

/** The facts of `x-router-*`; undefined ones are left out. */
export interface AnswerFacts {
  readonly exchange: Exchange;
  readonly dialect: RoutingHeaders['prefix'];
  readonly requestedModel: string;
  readonly plan: Plan | undefined;
  /** Who answers; undefined while nobody does. */
  readonly candidate: Candidate | undefined;
  readonly latencyMs: number;
  /** US dollars. */
  readonly cost?: number | undefined;
  readonly drops?: readonly string[] | undefined;
}

/** Names that one of the other dialects spells differently (Prism's documents). */
const prismNames: Readonly<Record<string, string>> = { model: 'model-used', strategy: 'routing-strategy' };

/** Header text is latin-1 on the wire; what is not printable ASCII would be refused or mangled. */
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}

/** True when the answer is not from the plan's first configured candidate, whether that failed or was passed over. */
export function isFallback(plan: Plan | undefined, candidate: Candidate | undefined): boolean {
  return plan !== undefined && candidate !== undefined && plan.candidates[0] !== candidate;
}

function* factPairs(facts: AnswerFacts): Generator<readonly [string, string]> {
  const { exchange, candidate, plan } = facts;
  const { trail } = exchange;
  yield ['request-id', exchange.id];
  if (candidate !== undefined) {
    yield ['provider', candidate.endpoint.providerId];
    yield ['model', headerText(candidate.model.upstreamId)];
    yield ['local', candidate.model.isLocal ? 'true' : 'false'];
  }
  if (facts.requestedModel !== '') yield ['requested-model', headerText(facts.requestedModel)];
  yield ['attempts', String(trail.sent)];
  if (trail.skipped.length > 0) yield ['skipped', headerText(trail.skipped.join(', '))];
  yield ['fallback-used', isFallback(plan, candidate) ? 'true' : 'false'];
  if (plan !== undefined) yield ['strategy', plan.strategy];
  yield ['latency-ms', String(Math.round(facts.latencyMs))];
  if (facts.cost !== undefined) yield ['cost', facts.cost.toFixed(6)];
  if (facts.drops !== undefined && facts.drops.length > 0) {
    yield ['translation-drops', headerText(facts.drops.join(', '))];
  }
}

/** Flat list of names and values. */
export function answerHeaders(facts: AnswerFacts): string[] {
  const list: string[] = [];
  for (const [name, value] of factPairs(facts)) {
    const spelled = facts.dialect === 'x-router-' ? name : (prismNames[name] ?? name);
    list.push(facts.dialect + spelled, value);
  }
  return list;
}

/** The same facts as one SSE comment, for a stream whose headers had to go out before anybody answered. */
export function answerComment(facts: AnswerFacts): string {
  const pairs = [...factPairs(facts)].map(([name, value]) => `${facts.dialect}${name}=${value}`);
  return `: ${pairs.join('; ')}\n\n`;
}
