import { cut } from '../core/cut.ts';
import type { Candidate, Plan } from '../core/model.ts';
import type { Exchange, RoutingHeaders } from './exchange.ts';
import type { Trail } from './trail.ts';

/** The facts of `x-router-*`; undefined ones are left out. */
export interface AnswerFacts {
  readonly exchange: Exchange;
  readonly dialect: RoutingHeaders['prefix'];
  readonly requestedModel: string;
  readonly plan: Plan | undefined;
  /** Who answers; undefined while no candidate does. */
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

/** Clients refuse heads over 16 kB or so, and names and drops are as long as a client makes them. Characters. */
const maxName = 256;
const maxList = 2_000;

/** Header text is latin-1 on the wire; what is not printable ASCII would be refused or mangled. Cut at `most`. */
function headerText(text: string, most: number): string {
  const short = cut(text, most);
  return unprintable.test(short) ? short.replace(allUnprintable, '?') : short;
}

/** True when the answer is not from the first candidate of the plan, whether that failed or was passed over. */
export function isFallback(plan: Plan | undefined, candidate: Candidate | undefined, trail: Trail): boolean {
  if (plan === undefined || candidate === undefined) return false;
  if (trail.isFirstMissing) return true;
  switch (plan.kind) {
    case 'in-turn':
      return plan.candidates[0] !== candidate;
    // All that race are first.
    case 'at-once':
      return plan.candidates.indexOf(candidate) >= plan.width;
  }
}

const ownDialect = 'x-router-';

/** Flat list of names and values, added to `list`. On every answer, so it is written without detours. */
export function addAnswerHeaders(list: string[], facts: AnswerFacts): string[] {
  const { exchange, candidate, plan, cost, drops, requestedModel, dialect } = facts;
  const { trail } = exchange;
  const from = list.length;
  list.push('x-router-request-id', exchange.id);
  if (candidate !== undefined) {
    const { model } = candidate;
    list.push(
      'x-router-provider',
      candidate.endpoint.providerId,
      'x-router-model',
      headerText(model.upstreamId, maxName),
    );
    // Where nothing was sent there is nothing to say: what was thought of a host before proves nothing.
    if (trail.isLocal !== undefined) list.push('x-router-local', trail.isLocal ? 'true' : 'false');
  }
  if (requestedModel !== '') list.push('x-router-requested-model', headerText(requestedModel, maxName));
  list.push('x-router-attempts', String(trail.sent));
  if (trail.skipped.length > 0)
    list.push('x-router-skipped', headerText(trail.skipped.map(({ label }) => label).join(', '), maxList));
  list.push('x-router-fallback-used', isFallback(plan, candidate, trail) ? 'true' : 'false');
  if (plan !== undefined) list.push('x-router-strategy', plan.strategy);
  if (trail.route !== undefined) list.push('x-router-route', headerText(trail.route, maxName));
  if (trail.tier !== undefined) {
    list.push('x-router-complexity-tier', headerText(trail.tier.name, maxName));
    if (trail.tier.score !== undefined) list.push('x-router-complexity-score', String(trail.tier.score));
  }
  if (trail.cache !== undefined) list.push('x-router-cache', trail.cache);
  list.push('x-router-latency-ms', String(Math.round(facts.latencyMs)));
  if (cost !== undefined) list.push('x-router-cost', cost === 0 ? '0.000000' : cost.toFixed(6));
  if (drops !== undefined && drops.length > 0)
    list.push('x-router-translation-drops', headerText(drops.join(', '), maxList));
  if (dialect !== ownDialect) respell(list, from, dialect);
  return list;
}

/** In the caller's own dialect. */
function respell(list: string[], from: number, dialect: string): void {
  for (let at = from; at < list.length; at += 2) {
    const name = (list[at] as string).slice(ownDialect.length);
    list[at] = dialect + (prismNames[name] ?? name);
  }
}

export function answerHeaders(facts: AnswerFacts): string[] {
  return addAnswerHeaders([], facts);
}

/** The same facts as one SSE comment, for a stream whose headers had to go out before anybody answered. */
export function answerComment(facts: AnswerFacts): string {
  const list = answerHeaders(facts);
  const pairs: string[] = [];
  for (let at = 0; at < list.length; at += 2) pairs.push(`${list[at]}=${list[at + 1]}`);
  return `: ${pairs.join('; ')}\n\n`;
}
