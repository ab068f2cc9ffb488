import type { PresetConfig } from '../config/schema.ts';
import { operationTraits } from '../core/operations.ts';
import { matchAuto } from './auto.ts';
import { type Match, virtualMatch } from './match.ts';
import { matchName } from './match-name.ts';
import { splitFirst } from './names.ts';
import { keyByReading, plainName, readingsOf } from './plain-name.ts';
import type { ResolveRequest } from './resolution.ts';
import { isNearRestricted, isVariation } from './restricted.ts';
import { hasOtherTag, type Snapshot } from './snapshot.ts';
import { findVariant } from './variant.ts';
import { catchAll } from './virtual-model.ts';

/** What a request's name means, and the preset in front of it. */
export interface Found {
  readonly match: Match | undefined;
  readonly config: PresetConfig | undefined;
}

/** Rules 2 to 9. */
export function lookUp(snapshot: Snapshot, request: ResolveRequest): Found {
  const name = plainName(request.model);
  if (!name.startsWith('@')) return { match: matchAny(snapshot, request, request.model), config: undefined };
  return lookUpPreset(snapshot, request, name.slice(1));
}

/** `@preset[/base][:variant]`. The base, when given, stands in for the preset's own model. */
function lookUpPreset(snapshot: Snapshot, request: ResolveRequest, text: string): Found {
  const { presets } = snapshot.config;
  const whole = keyByReading(presets, text);
  const [name, base] = whole === undefined ? (splitFirst(text, '/') ?? [text]) : [whole];
  const variant = base === undefined && whole === undefined ? findVariant(snapshot, name) : undefined;
  const key = keyByReading(presets, variant?.base ?? name);
  const config = key === undefined ? undefined : presets[key];
  if (config === undefined) return { match: undefined, config };
  const found = matchAny(snapshot, request, base ?? config.model ?? '');
  if (found === undefined || (base !== undefined && isStray(snapshot, found, `@${key}`))) {
    return { match: undefined, config };
  }
  const narrowings = [...found.narrowings, ...(variant === undefined ? [] : [variant.narrowing])];
  if (config.routing !== undefined) narrowings.push(config.routing);
  const names = base === undefined ? [...found.names, `@${key}`] : found.names;
  return { match: { ...found, rule: 'preset', narrowings, names }, config };
}

/**
 * A default cannot be the base of a restricted preset, and neither is any model where only the preset's own base
 * restricts it.
 */
function isStray(snapshot: Snapshot, { basis }: Match, preset: string): boolean {
  if (basis === 'name' || !isVariation(snapshot, preset)) return false;
  return basis === 'fallback' || snapshot.config.presets[preset.slice(1)]?.routing === undefined;
}

/** Rules 3 to 9 for one name. */
function matchAny(snapshot: Snapshot, request: ResolveRequest, name: string): Match | undefined {
  const named = name === '' ? undefined : matchName(snapshot, name);
  if (named !== undefined) return named;
  const open = operationTraits[request.operation].takesAnyModel ? matchOpen(snapshot, name) : undefined;
  return open ?? matchLastResort(snapshot, name);
}

/** `auto`, `auto:variant` or no name. */
function matchOpen(snapshot: Snapshot, name: string): Match | undefined {
  const variant = findVariant(snapshot, name);
  if (!asksForAny(variant?.base ?? name)) return undefined;
  const auto = matchAuto(snapshot);
  if (variant === undefined || auto === undefined) return auto;
  return { ...auto, rule: 'variant', narrowings: [variant.narrowing] };
}

/** The name leaves the choice to us. */
export function asksForAny(name: string): boolean {
  return plainName(name) === '' || readingsOf(name).some((reading) => reading.toLowerCase() === 'auto');
}

/** A bare `*`, then `routing.default_model`: for names of their own only. */
function matchLastResort(snapshot: Snapshot, name: string): Match | undefined {
  if (isNearRestricted(snapshot, name)) return undefined;
  const virtual = catchAll(snapshot);
  const isKnown = hasOtherTag(snapshot, name);
  if (virtual !== undefined && !(isKnown && virtual.config.endpoints.some(({ model }) => model !== undefined)))
    return { ...virtualMatch(snapshot, virtual, plainName(name)), rule: 'catch-all', basis: 'fallback' };
  const fallback = snapshot.config.routing.default_model;
  const match = fallback === undefined || isKnown ? undefined : matchName(snapshot, fallback);
  return match === undefined ? undefined : { ...match, rule: 'default-model', basis: 'fallback' };
}
