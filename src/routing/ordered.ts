import type { Candidate, Plan } from '../core/model.ts';
import type { Circumstances } from './strategy.ts';

/**
 * In turn. An order the user wrote is kept. Otherwise: what was declared before what was only found (a server that
 * happens to have a name does not take it from the provider it was meant for), local before hosted, the providers'
 * `priority`, a loaded model before one that would have to load, then the order of declaration.
 */
export function ordered(candidates: readonly Candidate[], { request }: Circumstances): Plan {
  const inOrder = request.isAsWritten
    ? candidates
    : candidates.toSorted((one, other) => compare(one, other, request.discovered));
  return { kind: 'in-turn', strategy: 'priority', candidates: inOrder };
}

function compare(one: Candidate, other: Candidate, discovered: ReadonlySet<string>): number {
  return (
    Number(discovered.has(one.endpoint.providerId)) - Number(discovered.has(other.endpoint.providerId)) ||
    Number(other.model.isLocal) - Number(one.model.isLocal) ||
    priorityOf(one) - priorityOf(other) ||
    Number(one.model.isLoaded === false) - Number(other.model.isLoaded === false)
  );
}

/** Lower first, no priority last; finite, since the difference of two infinities is no order. */
function priorityOf(candidate: Candidate): number {
  return candidate.endpoint.priority ?? Number.MAX_SAFE_INTEGER;
}
