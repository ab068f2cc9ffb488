import type { PresetConfig } from '../config/schema.ts';
import type { Candidate } from '../core/model.ts';
import { continueOver } from './failover-order.ts';
import { firstChat, type Match, matchAuto, matchName, pinnedTo, virtualMatch } from './match.ts';
import { splitFirst } from './names.ts';
import { isNameAllowed, keepOneModel, narrow, strictest } from './narrow.ts';
import { nearNames } from './near.ts';
import type { Rejection, Resolution, ResolveRequest } from './resolution.ts';
import { findProvider, isUsable, type Snapshot } from './snapshot.ts';
import { downServer, unusable } from './unusable.ts';
import { findVariant } from './variant.ts';
import { catchAll } from './virtual-model.ts';

/** A match, and what the preset in front of it brings. */
interface Preset {
  readonly match: Match | undefined;
  readonly config: PresetConfig | undefined;
}

const empty: Omit<Resolution, 'kind' | 'requested'> = {
  rule: 'none',
  candidates: [],
  rejected: [],
  params: undefined,
  systemPrompt: undefined,
  localOnly: false,
  isPinned: false,
  isAsWritten: false,
  virtualModel: undefined,
  near: [],
  down: undefined,
};

/**
 * What a requested name means at this moment: the first of the rules that applies, narrowed to what the request may
 * use. Pure; the same for a request, for `route` and for the list of models.
 */
export function resolve(snapshot: Snapshot, request: ResolveRequest): Resolution {
  const lock = request.lock?.trim();
  if (lock !== undefined && lock !== '') return resolveLocked(snapshot, request, lock);
  const { match, config } = lookUp(snapshot, request);
  if (match === undefined) return unresolved(snapshot, request);
  return settle(snapshot, request, { match, config });
}

/** Rules 2 to 9. */
function lookUp(snapshot: Snapshot, request: ResolveRequest): Preset {
  const { model } = request;
  if (!model.startsWith('@')) return { match: matchAny(snapshot, request, model), config: undefined };
  return lookUpPreset(snapshot, request, model.slice(1));
}

/** `@preset[/base][:variant]`. The base, when given, stands in for the preset's own model. */
function lookUpPreset(snapshot: Snapshot, request: ResolveRequest, text: string): Preset {
  const { presets } = snapshot.config;
  const [name, base] = Object.hasOwn(presets, text) ? [text] : (splitFirst(text, '/') ?? [text]);
  const variant = base === undefined && !Object.hasOwn(presets, name) ? findVariant(snapshot, name) : undefined;
  const config = presets[variant?.base ?? name];
  if (config === undefined) return { match: undefined, config };
  const found = matchAny(snapshot, request, base ?? config.model ?? '');
  if (found === undefined) return { match: undefined, config };
  const narrowings = [...found.narrowings, ...(variant === undefined ? [] : [variant.narrowing])];
  if (config.routing !== undefined) narrowings.push(config.routing);
  return { match: { ...found, rule: 'preset', narrowings }, config };
}

/** Rules 3 to 9 for one name. */
function matchAny(snapshot: Snapshot, request: ResolveRequest, name: string): Match | undefined {
  const isChat = request.operation === 'chat' || request.operation === 'count_tokens';
  const named = name === '' ? undefined : matchName(snapshot, name);
  if (named !== undefined) return named;
  const base = findVariant(snapshot, name);
  if (isChat && base?.base === 'auto') {
    const auto = matchAuto(snapshot);
    if (auto !== undefined) return { ...auto, rule: 'variant', narrowings: [base.narrowing] };
  }
  const auto = isChat && (name === '' || name === 'auto') ? matchAuto(snapshot) : undefined;
  return auto ?? matchLastResort(snapshot, name);
}

/** A bare `*`, then `routing.default_model`. */
function matchLastResort(snapshot: Snapshot, name: string): Match | undefined {
  const virtual = catchAll(snapshot);
  if (virtual !== undefined) return { ...virtualMatch(snapshot, virtual, name), rule: 'catch-all' };
  const fallback = snapshot.config.routing.default_model;
  const match = fallback === undefined ? undefined : matchName(snapshot, fallback);
  return match === undefined ? undefined : { ...match, rule: 'default-model' };
}

/** A provider lock: what the name means, as far as that provider has it; a name nobody knows is forwarded to it. */
function resolveLocked(snapshot: Snapshot, request: ResolveRequest, lock: string): Resolution {
  const provider = findProvider(snapshot, lock);
  if (provider === undefined) {
    const down = downServer(lock);
    if (down !== undefined) {
      return { ...empty, kind: 'down-type', requested: request.model, rule: 'provider-lock', isPinned: true, down };
    }
    const near = nearNames(lock, snapshot.providers.keys());
    return { ...empty, kind: 'unknown-provider', requested: request.model, rule: 'provider-lock', near };
  }
  const pinned = pinnedTo(snapshot, provider, request.model);
  if (!isUsable(provider)) {
    const rejected = [unusable({ word: lock, provider, model: request.model })];
    return settle(snapshot, request, {
      match: { ...pinned, rule: 'provider-lock', candidates: [], rejected },
      config: undefined,
    });
  }
  const { match, config } = lookUp(snapshot, request);
  const isOwn = (candidate: Candidate) => candidate.endpoint.providerId === provider.id;
  const own = match?.candidates.filter(isOwn) ?? [];
  const isElsewhere = match !== undefined && (match.isPinned || match.virtual !== undefined);
  if (match !== undefined && (own.length > 0 || isElsewhere)) {
    const rejected = match.candidates.filter((one) => !isOwn(one)).map((one) => lockedOut(one, provider.id));
    const locked: Match = { ...match, rule: 'provider-lock', isPinned: true, candidates: own };
    return settle(snapshot, request, { match: { ...locked, rejected: [...match.rejected, ...rejected] }, config });
  }
  const isOpen = request.model === '' || request.model === 'auto';
  const candidates = isOpen ? firstChat(snapshot, provider) : pinned.candidates;
  return settle(snapshot, request, { match: { ...pinned, candidates, rule: 'provider-lock' }, config });
}

function lockedOut(candidate: Candidate, provider: string): Rejection {
  const label = `${candidate.endpoint.providerId}:${candidate.model.id}`;
  return { candidate: label, code: 'locked', reason: `the request is locked to ${provider}` };
}

/** Continues over `failover.providers`, takes out what the request may not use, and names the outcome. */
function settle(
  snapshot: Snapshot,
  request: ResolveRequest,
  { match, config }: { readonly match: Match; readonly config: PresetConfig | undefined },
): Resolution {
  const localOnly = strictest([
    request.localOnly,
    match.virtual?.config.local_only,
    ...match.narrowings.map((narrowing) => narrowing.local_only),
  ]);
  const continued = continueOver(snapshot, match, request.operation);
  const filters = { request, localOnly, narrowings: match.narrowings };
  const own = narrow(snapshot, continued.own, { ...filters, isNameAllowed: mayUseName(request, match) });
  const added = narrow(snapshot, continued.added, { ...filters, isNameAllowed: request.allowedModels === undefined });
  const all = [...own.left, ...added.left];
  const kept = request.operation === 'embeddings' ? keepOneModel(all) : { left: all, rejected: [] };
  const params = merged(match.virtual?.config.params, config?.params);
  return {
    kind: kept.left.length > 0 ? 'found' : isDown(match) ? 'down-type' : 'none-left',
    rule: match.rule,
    requested: request.model,
    candidates: withParams(kept.left, params),
    rejected: [...match.rejected, ...own.rejected, ...added.rejected, ...kept.rejected],
    params,
    systemPrompt: config?.system_prompt ?? match.virtual?.config.system_prompt,
    localOnly,
    isPinned: match.isPinned,
    isAsWritten: continued.isAsWritten,
    virtualModel: match.virtual?.name,
    near: [],
    down: match.down,
  };
}

/** It names a server that is not there, and that is all that is wrong with it. */
function isDown(match: Match): boolean {
  return match.down !== undefined && match.candidates.length === 0;
}

/** A fallback's candidates are judged by their own names: nobody asked for them. */
function mayUseName(request: ResolveRequest, match: Match): boolean {
  const name = match.rule === 'default-model' ? match.virtual?.name : (match.virtual?.name ?? request.model);
  if (request.allowedModels === undefined) return true;
  const isAskedAllowed = match.rule !== 'default-model' && isNameAllowed(request.model, request.allowedModels);
  return isAskedAllowed || (name !== undefined && isNameAllowed(name, request.allowedModels));
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

/** Nobody serves the name now. Somebody who would, were it on, is named with the reason. */
function unresolved(snapshot: Snapshot, request: ResolveRequest): Resolution {
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

function knownNames(snapshot: Snapshot, request: ResolveRequest): readonly string[] {
  if (request.model.startsWith('@')) return Object.keys(snapshot.config.presets).map((name) => `@${name}`);
  const virtual = Object.keys(snapshot.config.models).filter((name) => !name.includes('*'));
  return [...virtual, ...snapshot.byId.keys()].filter((name) => isNameAllowed(name, request.allowedModels));
}
