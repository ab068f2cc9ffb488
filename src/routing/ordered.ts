import type { Candidate } from '../core/model.ts';
import { inTurn } from './in-turn.ts';
import type { Choice, Circumstances, Strategy } from './strategy.ts';

/** In turn, in the order of `byPrecedence`. */
export const ordered: Strategy = {
  name: 'priority',
  plan: (choices, circumstances) => inTurn('priority', byPrecedence(choices, circumstances)),
};

/**
 * An order the user wrote is kept. Otherwise: what was declared before what was only found (a server that happens to
 * have a name does not take it from the provider it was meant for), local before hosted, the providers' `priority`, a
 * loaded model before one that would have to load, then the order of declaration.
 */
export function byPrecedence(choices: readonly Choice[], { resolution }: Circumstances): readonly Choice[] {
  return resolution.isAsWritten ? choices : choices.toSorted(comparing(resolution));
}

function comparing({ discovered }: Circumstances['resolution']): (one: Choice, other: Choice) => number {
  const isFound = (candidate: Candidate) => discovered.has(candidate.endpoint.providerId);
  return ({ candidate: one }, { candidate: other }) =>
    Number(isFound(one)) - Number(isFound(other)) ||
    Number(other.model.isLocal) - Number(one.model.isLocal) ||
    priorityOf(one) - priorityOf(other) ||
    Number(one.model.isLoaded === false) - Number(other.model.isLoaded === false);
}

/** Lower first, no priority last; finite, since the difference of two infinities cannot be sorted by. */
function priorityOf(candidate: Candidate): number {
  return candidate.endpoint.priority ?? Number.MAX_SAFE_INTEGER;
}
