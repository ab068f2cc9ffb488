import type { Candidate } from '../core/model.ts';
import { labelOf } from './candidates.ts';
import type { DownServer, Rejection, Rule } from './resolution.ts';
import type { Provider, Snapshot } from './snapshot.ts';
import type { Narrowing } from './variant.ts';
import { type VirtualModel, virtualCandidates } from './virtual-model.ts';

/** What a name means, before anything about the request is held against it. */
export interface Match {
  readonly rule: Rule;
  /** name: the name itself is served. any: no name was asked for. fallback: something else stands in for it. */
  readonly basis: 'name' | 'any' | 'fallback';
  readonly candidates: readonly Candidate[];
  readonly rejected: readonly Rejection[];
  readonly isPinned: boolean;
  readonly virtual: VirtualModel | undefined;
  /** From variants and presets, all of them hold. */
  readonly narrowings: readonly Narrowing[];
  readonly down: DownServer | undefined;
  /** What was asked for, in words that a key's list may have: a virtual model, a preset, what stands behind a provider. */
  readonly names: readonly string[];
  /** The provider that stands in front of the name. */
  readonly pin: string | undefined;
  /** The candidates are the very model that was asked for, so a key may have them by their own names as well. */
  readonly isItself: boolean;
}

export const nothing = {
  basis: 'name',
  candidates: [],
  rejected: [],
  isPinned: false,
  virtual: undefined,
  narrowings: [],
  down: undefined,
  names: [],
  pin: undefined,
  isItself: true,
} as const satisfies Omit<Match, 'rule'>;

/** The candidates of a virtual model, whatever its name was found by. */
export function virtualMatch(snapshot: Snapshot, virtual: VirtualModel, name: string): Match {
  const rule = virtual.isPattern ? 'virtual-pattern' : 'virtual-model';
  const names = virtual.isPattern ? [name, virtual.name] : [virtual.name];
  return { ...nothing, rule, virtual, names, isItself: false, ...virtualCandidates(snapshot, virtual, name) };
}

/** What is left of a match when only one provider may be asked. */
export function onlyAt(provider: Provider, match: Match): Match {
  const own = match.candidates.filter((candidate) => candidate.endpoint.providerId === provider.id);
  const others = match.candidates.filter((candidate) => !own.includes(candidate)).map(labelOf);
  // The name may say a server that is not even there.
  if (match.candidates.length === 0 && match.down !== undefined) others.push(match.down.provider);
  const lockedOut = others.map(
    (candidate): Rejection => ({ candidate, code: 'locked', reason: `the request is locked to ${provider.id}` }),
  );
  return { ...match, isPinned: true, candidates: own, rejected: [...match.rejected, ...lockedOut] };
}
