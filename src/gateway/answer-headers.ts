import type { Candidate, Plan } from '../core/model.ts';
import type { Exchange, RoutingHeaders, Trail } from './exchange.ts';

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

const unprintable = /[^\x20-\x7e]/;
const allUnprintable = /[^\x20-\x7e]/g;

/** Header text is latin-1 on the wire; what is not printable ASCII would be refused or mangled. */
function headerText(text: string): string {
  return unprintable.test(text) ? text.replace(allUnprintable, '?') : text;
}

/** True when the answer is not from the first configured candidate, whether that failed or was passed over. */
export function isFallback(plan: Plan | undefined, candidate: Candidate | undefined, trail: Trail): boolean {
  if (plan === undefined || candidate === undefined) return false;
  return trail.isFirstMissing || plan.candidates[0] !== candidate;
}

/** Flat list of names, without prefix, and values. On every answer, so it is written without detours. */
function factList(facts: AnswerFacts): string[] {
  const { exchange, candidate, plan, cost, drops, requestedModel } = facts;
  const { trail } = exchange;
  const list = ['request-id', exchange.id];
  if (candidate !== undefined) {
    const { model } = candidate;
    list.push('provider', candidate.endpoint.providerId, 'model', headerText(model.upstreamId));
    list.push('local', model.isLocal ? 'true' : 'false');
  }
  if (requestedModel !== '') list.push('requested-model', headerText(requestedModel));
  list.push('attempts', String(trail.sent));
  if (trail.skipped.length > 0) list.push('skipped', headerText(trail.skipped.join(', ')));
  list.push('fallback-used', isFallback(plan, candidate, trail) ? 'true' : 'false');
  if (plan !== undefined) list.push('strategy', plan.strategy);
  list.push('latency-ms', String(Math.round(facts.latencyMs)));
  if (cost !== undefined) list.push('cost', cost === 0 ? '0.000000' : cost.toFixed(6));
  if (drops !== undefined && drops.length > 0) list.push('translation-drops', headerText(drops.join(', ')));
  return list;
}

/** Flat list of names and values. */
export function answerHeaders(facts: AnswerFacts): string[] {
  const { dialect } = facts;
  const list = factList(facts);
  for (let at = 0; at < list.length; at += 2) {
    const name = list[at] as string;
    list[at] = dialect + (dialect === 'x-router-' ? name : (prismNames[name] ?? name));
  }
  return list;
}

/** The same facts as one SSE comment, for a stream whose headers had to go out before anybody answered. */
export function answerComment(facts: AnswerFacts): string {
  const list = answerHeaders(facts);
  const pairs: string[] = [];
  for (let at = 0; at < list.length; at += 2) pairs.push(`${list[at]}=${list[at + 1]}`);
  return `: ${pairs.join('; ')}\n\n`;
}
