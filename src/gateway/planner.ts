import type { Concurrency } from '../access/concurrency.ts';
import type { Config } from '../config/schema.ts';
import { type Candidate, candidateKey, type Operation, type Plan } from '../core/model.ts';
import { operationTraits } from '../core/operations.ts';
import type { RequestFacts } from '../protocols/canonical.ts';
import type { Resolution } from '../registry/resolution.ts';
import type { AnswerKind, Stats } from '../resilience/stats.ts';
import type { Sticky } from '../routing/sticky.ts';
import { strategyOf } from '../routing/strategies.ts';
import type { CandidateFacts, Choice } from '../routing/strategy.ts';
import type { Turns } from '../routing/turns.ts';
import type { Availability } from './availability.ts';
import { priceOf } from './price.ts';

export interface PlannerDeps {
  readonly stats: Stats;
  readonly concurrency: Concurrency;
  readonly turns: Turns;
  readonly sticky: Sticky;
  readonly availability: Availability;
  readonly config: () => Config;
}

/** What a plan is made for. */
export interface Planned {
  readonly resolution: Resolution;
  readonly facts: RequestFacts;
  readonly operation: Operation;
  /** What the request belongs to; undefined: without a preference. */
  readonly conversation?: string | undefined;
}

/** Gathers what is known of a request's candidates, and has its strategy order them. */
export class Planner {
  readonly #deps: PlannerDeps;

  constructor(deps: PlannerDeps) {
    this.#deps = deps;
  }

  plan(planned: Planned): Plan {
    return this.#preferring(
      this.#plan(planned, (model) => this.#deps.turns.take(model)),
      planned,
    );
  }

  /** Who answered is preferred for what belongs to the same conversation. */
  answered(conversation: string, resolution: Resolution, candidate: Candidate): void {
    const { sticky, config } = this.#deps;
    const ttlMs = config().routing.sticky?.ttl;
    if (ttlMs !== undefined) sticky.keep(stickyKey(conversation, resolution), candidateKey(candidate), ttlMs);
  }

  /** The plan that the next request would get, which uses up nothing. */
  preview(planned: Planned): Plan {
    return this.#plan(planned, (model) => this.#deps.turns.peek(model));
  }

  /** With the candidate that answered the conversation before in front, unless something speaks against them now. */
  #preferring(plan: Plan, { conversation, resolution }: Planned): Plan {
    if (conversation === undefined || plan.kind !== 'in-turn' || plan.candidates.length < 2) return plan;
    const { sticky, availability, concurrency } = this.#deps;
    const key = sticky.find(stickyKey(conversation, resolution));
    const known = key === undefined ? undefined : plan.candidates.find((one) => candidateKey(one) === key);
    if (known === undefined || availability.reservation(known) !== undefined || concurrency.isFull(known.endpoint))
      return plan;
    return { ...plan, candidates: [known, ...plan.candidates.filter((one) => one !== known)] };
  }

  #plan(planned: Planned, turnOf: (model: string) => number): Plan {
    const { resolution } = planned;
    const { candidates, standIns } = resolution;
    const strategy = strategyOf(resolution.strategy);
    // Nothing to choose: the case for most names.
    if (candidates.length < 2) return { kind: 'in-turn', strategy: strategy.name, candidates };
    const own = standIns === 0 ? candidates : candidates.slice(0, candidates.length - standIns);
    const plan = strategy.plan(
      own.map((candidate) => this.#choice(candidate, planned)),
      {
        resolution,
        turn: turnOf(nameOf(resolution, own)),
        maxAtOnce: this.#deps.config().routing.fastest.max,
      },
    );
    if (standIns === 0) return plan;
    return { ...plan, candidates: [...plan.candidates, ...candidates.slice(own.length)] };
  }

  #choice(candidate: Candidate, { facts, operation }: Planned): Choice {
    const { stats, concurrency } = this.#deps;
    const kind: AnswerKind = facts.stream ? 'stream' : 'whole';
    const about: CandidateFacts = {
      ...stats.of(candidate, kind),
      queued: concurrency.queued(candidate.endpoint),
      price: expectedPrice(candidate, facts, operation),
      weight: candidate.weight ?? candidate.endpoint.weight ?? 1,
    };
    return { candidate, facts: about };
  }
}

/** The same conversation may ask for several models. */
function stickyKey(conversation: string, resolution: Resolution): string {
  return `${nameOf(resolution, resolution.candidates)}\n${conversation}`;
}

/** Whose turns are counted: not the name as it was asked for, which may be any that a fallback answers to. */
function nameOf({ virtualModel, rule }: Resolution, own: readonly Candidate[]): string {
  return virtualModel ?? (rule === 'auto' ? rule : (own[0]?.model.id ?? ''));
}

/** Length of an answer that nothing is known of. Tokens. */
const usualAnswerTokens = 500;

function expectedPrice(candidate: Candidate, facts: RequestFacts, operation: Operation): number | undefined {
  const { generates } = operationTraits[operation];
  const output = generates ? Math.min(facts.maxTokens ?? usualAnswerTokens, usualAnswerTokens) : 0;
  return priceOf(candidate, { input: facts.promptTokens, output: output * (facts.choices ?? 1) });
}
