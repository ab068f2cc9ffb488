import type { VirtualModelConfig } from '../config/schema.ts';
import type { Candidate } from '../core/model.ts';
import { candidateAt } from './candidates.ts';
import { literalLength, matchesPattern } from './names.ts';
import type { Rejection } from './resolution.ts';
import { findProvider, isUsable, type Snapshot } from './snapshot.ts';
import { unusable } from './unusable.ts';

export interface VirtualModel {
  /** As configured: a name, or a pattern with `*`. */
  readonly name: string;
  readonly config: VirtualModelConfig;
  readonly isPattern: boolean;
}

/** The virtual model of a name: that very name, else the pattern that says most; a bare `*` is for `catchAll`. */
export function findVirtualModel(snapshot: Snapshot, name: string): VirtualModel | undefined {
  const { models } = snapshot.config;
  const exact = Object.hasOwn(models, name) ? models[name] : undefined;
  if (exact !== undefined && name !== '*') return { name, config: exact, isPattern: false };
  let best: VirtualModel | undefined;
  for (const [pattern, config] of Object.entries(models)) {
    if (pattern === '*' || !pattern.includes('*') || !matchesPattern(pattern, name)) continue;
    if (best !== undefined && literalLength(pattern) <= literalLength(best.name)) continue;
    best = { name: pattern, config, isPattern: true };
  }
  return best;
}

/** The virtual model that takes every name nothing else serves. */
export function catchAll(snapshot: Snapshot): VirtualModel | undefined {
  const config = snapshot.config.models['*'];
  return config === undefined ? undefined : { name: '*', config, isPattern: true };
}

/** Its endpoints as candidates, in the order they are written, and why the others are not. */
export function virtualCandidates(
  snapshot: Snapshot,
  virtual: VirtualModel,
  askedName: string,
): { readonly candidates: readonly Candidate[]; readonly rejected: readonly Rejection[] } {
  const candidates: Candidate[] = [];
  const rejected: Rejection[] = [];
  for (const entry of virtual.config.endpoints) {
    const model = entry.model ?? askedName;
    const provider = findProvider(snapshot, entry.provider);
    if (provider === undefined || !isUsable(provider)) {
      rejected.push(unusable({ word: entry.provider, provider, model }));
      continue;
    }
    const candidate = candidateAt(snapshot, provider, model);
    const { params, timeout: timeoutMs, weight } = entry;
    const hasOwn = params !== undefined || timeoutMs !== undefined || weight !== undefined;
    candidates.push(hasOwn ? { ...candidate, params, timeoutMs, weight } : candidate);
  }
  return { candidates, rejected };
}
