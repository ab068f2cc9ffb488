import type { LocalOnly } from '../config/schema.ts';
import type { Candidate } from '../core/model.ts';
import { operationTraits } from '../core/operations.ts';
import { continueOver } from './failover-order.ts';
import { lookUpLocked } from './lock.ts';
import { type Found, lookUp } from './look-up.ts';
import type { Match } from './match.ts';
import { keepOneModel, narrow, strictest } from './narrow.ts';
import { nearNames } from './near.ts';
import { isAskedAllowed, isModelAllowed, isNameAllowed, type Permission, permissionFor } from './permission.ts';
import type { Rejection, Resolution, ResolveRequest, Rule } from './resolution.ts';
import { isNearRestricted } from './restricted.ts';
import { isUsable, type Snapshot } from './snapshot.ts';
import { unusable } from './unusable.ts';

const empty: Omit<Resolution, 'kind' | 'requested'> = {
  rule: 'none',
  candidates: [],
  rejected: [],
  params: undefined,
  systemPrompt: undefined,
  localOnly: false,
  isPinned: false,
  isAsWritten: false,
  strategy: 'priority',
  standIns: 0,
  discovered: new Set(),
  virtualModel: undefined,
  near: [],
  down: undefined,
};

/**
 * What a requested name means at this moment: the first of the rules that applies, narrowed to what the request may
 * use. Pure; the same for a request, for `route` and for the list of models.
 */
export function resolve(snapshot: Snapshot, request: ResolveRequest): Resolution {
  const { insteadOf } = request;
  if (insteadOf === undefined) return resolveName(snapshot, request);
  const asked = { ...request, model: insteadOf };
  const { match } = lookUp(snapshot, asked);
  if (match === undefined && isNearRestricted(snapshot, insteadOf)) return unresolved(snapshot, asked);
  const isKnown = match !== undefined && match.basis !== 'fallback';
  return resolveName(snapshot, isKnown ? { ...request, localOnly: limitOf(request, match) } : request);
}

function resolveName(snapshot: Snapshot, request: ResolveRequest): Resolution {
  const lock = request.lock?.trim();
  if (lock === undefined) return settle(snapshot, request, lookUp(snapshot, request));
  const locked = lookUpLocked(snapshot, request, lock);
  if (locked.kind === 'found') return settle(snapshot, request, locked.found);
  return { ...empty, rule: 'provider-lock', requested: request.model, ...locked };
}

/** Continues over `failover.providers`, takes out what the request may not use, and names the outcome. */
function settle(snapshot: Snapshot, request: ResolveRequest, { match, config }: Found): Resolution {
  if (match === undefined) return unresolved(snapshot, request);
  const permission = permissionFor(request, match);
  if (permission.isForbidden) return forbidden(request, match.rule);
  const { virtual } = match;
  const localOnly = limitOf(request, match);
  const { candidates, rejected, isAsWritten, standIns } = usable(snapshot, request, { match, localOnly, permission });
  // A fallback that cannot do this kind of request stands in for nothing.
  if (match.basis === 'fallback' && candidates.length === 0 && rejected.some(isOfWrongType)) {
    return unresolved(snapshot, request);
  }
  const params = merged(virtual?.config.params, config?.params);
  return {
    kind: candidates.length > 0 ? 'found' : isDown(match) ? 'down-type' : 'none-left',
    rule: match.rule,
    requested: request.model,
    candidates: withParams(candidates, params),
    rejected,
    params,
    systemPrompt: config?.system_prompt ?? virtual?.config.system_prompt,
    localOnly,
    isPinned: match.isPinned,
    isAsWritten,
    strategy: virtual?.config.strategy ?? snapshot.config.routing.default_strategy ?? 'priority',
    standIns,
    discovered: match.basis === 'any' ? empty.discovered : snapshot.discovered,
    virtualModel: virtual?.name,
    near: [],
    down: match.down,
  };
}

function limitOf({ localOnly }: ResolveRequest, { virtual, narrowings }: Match): LocalOnly {
  return strictest([localOnly, virtual?.config.local_only, ...narrowings.map((narrowing) => narrowing.local_only)]);
}

interface UsableInput {
  readonly match: Match;
  readonly localOnly: LocalOnly;
  readonly permission: Permission;
}

/** The match's candidates and those that continue them, as far as this request may use them. */
function usable(
  snapshot: Snapshot,
  request: ResolveRequest,
  { match, localOnly, permission }: UsableInput,
): Pick<Resolution, 'candidates' | 'rejected' | 'isAsWritten' | 'standIns'> {
  const continued = continueOver(snapshot, match, request.operation);
  const filters = { request, localOnly, narrowings: match.narrowings };
  const own = narrow(snapshot, continued.own, { ...filters, mayHave: permission.mayHave });
  // The client did not ask for these, so the key must have them by their own names; and they are not why a name leads
  // nowhere.
  const addable = continued.added.filter((candidate) => isModelAllowed(candidate, request.allowedModels));
  const added = narrow(snapshot, addable, { ...filters, mayHave: () => true });
  const all = [...own.left, ...added.left];
  const kept = operationTraits[request.operation].standIn === 'same' ? keepOneModel(all) : { left: all, rejected: [] };
  return {
    candidates: kept.left,
    rejected: [...match.rejected, ...own.rejected, ...added.rejected, ...kept.rejected],
    isAsWritten: continued.isAsWritten,
    standIns: kept.left.filter((candidate) => added.left.includes(candidate)).length,
  };
}

function isOfWrongType({ code }: Rejection): boolean {
  return code === 'type';
}

/** It names a server that is not there, and that is all that is wrong with it. */
function isDown(match: Match): boolean {
  return match.down !== undefined && match.candidates.length === 0;
}

/** What the candidate's own entry sets wins over the preset, the preset over the virtual model. */
function withParams(
  candidates: readonly Candidate[],
  params: Readonly<Record<string, unknown>> | undefined,
): readonly Candidate[] {
  if (params === undefined) return candidates;
  return candidates.map((candidate) => ({ ...candidate, params: { ...params, ...candidate.params } }));
}

function merged(
  one: Readonly<Record<string, unknown>> | undefined,
  over: Readonly<Record<string, unknown>> | undefined,
): Readonly<Record<string, unknown>> | undefined {
  return one === undefined ? over : { ...one, ...over };
}

/** No server has the name now. A provider that would have it if it were up is named with the reason. */
function unresolved(snapshot: Snapshot, request: ResolveRequest): Resolution {
  if (!isAskedAllowed(request)) return forbidden(request, 'none');
  const { model } = request;
  const rejected: Rejection[] = [];
  for (const provider of snapshot.providers.values()) {
    if (isUsable(provider)) continue;
    const offer = provider.offers.find((one) => one.model.id === model || one.aliases.includes(model));
    if (offer !== undefined) rejected.push(unusable({ word: provider.id, provider, model: offer.model.id }));
  }
  if (rejected.length > 0) return { ...empty, kind: 'none-left', requested: model, rule: 'model', rejected };
  return { ...empty, kind: 'unknown', requested: model, near: nearNames(model, knownNames(snapshot, request)) };
}

/** Whether anything has the name is nothing that this key should learn. */
function forbidden({ model }: ResolveRequest, rule: Rule): Resolution {
  const rejected: Rejection = { candidate: model, code: 'not-allowed', reason: 'the key may not use this model' };
  return { ...empty, kind: 'none-left', rule, requested: model, rejected: [rejected] };
}

function knownNames(snapshot: Snapshot, request: ResolveRequest): readonly string[] {
  if (request.model.startsWith('@')) return Object.keys(snapshot.config.presets).map((name) => `@${name}`);
  const virtual = Object.keys(snapshot.config.models).filter((name) => !name.includes('*'));
  return [...virtual, ...snapshot.byId.keys()].filter((name) => isNameAllowed(name, request.allowedModels));
}
