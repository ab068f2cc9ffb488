import type { LocalOnly } from '../config/schema.ts';
import type { Candidate, Capability, Operation } from '../core/model.ts';
import { operationTraits, pathsFor } from '../core/operations.ts';
import { labelOf } from './candidates.ts';
import type { Rejection, RejectionCode, ResolveRequest } from './resolution.ts';
import { findProvider, type Snapshot } from './snapshot.ts';
import type { Narrowing } from './variant.ts';

/** Everything that is held against a candidate. */
export interface Filters {
  readonly request: ResolveRequest;
  readonly localOnly: LocalOnly;
  readonly narrowings: readonly Narrowing[];
  /** Whether the client's key may use the candidate. */
  readonly mayHave: (candidate: Candidate) => boolean;
}

type Objection = readonly [RejectionCode, string];

/** Candidates that the request may use, and the reason for each that it may not. */
export function narrow(
  snapshot: Snapshot,
  candidates: readonly Candidate[],
  filters: Filters,
): { readonly left: readonly Candidate[]; readonly rejected: readonly Rejection[] } {
  const left: Candidate[] = [];
  const rejected: Rejection[] = [];
  for (const candidate of candidates) {
    const objection = objectionTo(snapshot, candidate, filters);
    if (objection === undefined) left.push(candidate);
    else rejected.push({ candidate: labelOf(candidate), code: objection[0], reason: objection[1] });
  }
  return { left, rejected };
}

function objectionTo(snapshot: Snapshot, candidate: Candidate, filters: Filters): Objection | undefined {
  const { request, narrowings, localOnly } = filters;
  for (const narrowing of narrowings) {
    if (isExcluded(snapshot, candidate, narrowing)) return ['excluded', 'excluded by the variant or preset'];
  }
  return (
    leaves(candidate, localOnly) ??
    wrongType(candidate, request.operation) ??
    lacks(candidate, request.needs ?? []) ??
    (filters.mayHave(candidate) ? undefined : ['not-allowed', 'the key may not use this model'])
  );
}

function isExcluded(snapshot: Snapshot, candidate: Candidate, { only, ignore }: Narrowing): boolean {
  const isNamed = (word: string) => findProvider(snapshot, word)?.id === candidate.endpoint.providerId;
  return (only !== undefined && !only.some(isNamed)) || ignore?.some(isNamed) === true;
}

function leaves({ model, endpoint }: Candidate, localOnly: LocalOnly): Objection | undefined {
  if (localOnly === false) return undefined;
  const isUnsure = endpoint.isUnresolved === true && model.isLocalByWord === undefined;
  if (isUnsure) return ['local-only', 'where its host name leads is not known'];
  if (!model.isLocal) return ['local-only', 'the request would leave the local network'];
  if (localOnly === 'machine' && !endpoint.isLoopback) return ['local-only', 'the request would leave this machine'];
  return undefined;
}

function wrongType({ model }: Candidate, operation: Operation): Objection | undefined {
  const { modelTypes, label } = operationTraits[operation];
  if (modelTypes.includes(model.type)) return undefined;
  const paths = pathsFor(model.type);
  const where = paths.length === 0 ? '' : `, it is asked at ${paths.join(' or ')}`;
  return ['type', `${article(model.type)} ${model.type} model does not do ${label}${where}`];
}

function article(word: string): string {
  return /^[aeiou]/.test(word) ? 'an' : 'a';
}

/** Unknown capabilities are not missing ones. */
function lacks({ model }: Candidate, needs: readonly Capability[]): Objection | undefined {
  const missing = model.capabilities === undefined ? [] : needs.filter((need) => !model.capabilities?.has(need));
  return missing.length === 0 ? undefined : ['capability', `the model has no ${missing.join(', ')}`];
}

/** Vectors of different models do not fit together: embeddings stay with the first candidate's model. */
export function keepOneModel(candidates: readonly Candidate[]): {
  readonly left: readonly Candidate[];
  readonly rejected: readonly Rejection[];
} {
  const idOf = ({ model }: Candidate) => model.id.toLowerCase().replace(/:latest$/, '');
  const [first] = candidates;
  const isSame = (candidate: Candidate) => first !== undefined && idOf(candidate) === idOf(first);
  return {
    left: candidates.filter(isSame),
    rejected: candidates
      .filter((candidate) => !isSame(candidate))
      .map((candidate) => ({
        candidate: labelOf(candidate),
        code: 'mixed-embeddings',
        reason: "another model's vectors do not fit those of the first",
      })),
  };
}

/** The strictest of several limits. */
export function strictest(limits: readonly (LocalOnly | undefined)[]): LocalOnly {
  if (limits.includes('machine')) return 'machine';
  return limits.includes(true);
}
