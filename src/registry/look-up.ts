import type { PresetConfig } from '../config/schema.ts';
import { type Match, matchAuto, matchName, virtualMatch } from './match.ts';
import { splitFirst } from './names.ts';
import type { ResolveRequest } from './resolution.ts';
import type { Snapshot } from './snapshot.ts';
import { findVariant } from './variant.ts';
import { catchAll } from './virtual-model.ts';

/** What a request's name means, and the preset in front of it. */
export interface Found {
  readonly match: Match | undefined;
  readonly config: PresetConfig | undefined;
}

/** Rules 2 to 9. */
export function lookUp(snapshot: Snapshot, request: ResolveRequest): Found {
  const { model } = request;
  if (!model.startsWith('@')) return { match: matchAny(snapshot, request, model), config: undefined };
  return lookUpPreset(snapshot, request, model.slice(1));
}

/** `@preset[/base][:variant]`. The base, when given, stands in for the preset's own model. */
function lookUpPreset(snapshot: Snapshot, request: ResolveRequest, text: string): Found {
  const { presets } = snapshot.config;
  const [name, base] = Object.hasOwn(presets, text) ? [text] : (splitFirst(text, '/') ?? [text]);
  const variant = base === undefined && !Object.hasOwn(presets, name) ? findVariant(snapshot, name) : undefined;
  const key = variant?.base ?? name;
  const config = Object.hasOwn(presets, key) ? presets[key] : undefined;
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
  const open = isChat ? matchOpen(snapshot, name) : undefined;
  return open ?? matchLastResort(snapshot, name);
}

/** `auto`, `auto:variant` or no name. */
function matchOpen(snapshot: Snapshot, name: string): Match | undefined {
  if (name === '' || name === 'auto') return matchAuto(snapshot);
  const variant = findVariant(snapshot, name);
  const auto = variant?.base === 'auto' ? matchAuto(snapshot) : undefined;
  if (variant === undefined || auto === undefined) return undefined;
  return { ...auto, rule: 'variant', narrowings: [variant.narrowing] };
}

/** A bare `*`, then `routing.default_model`. */
function matchLastResort(snapshot: Snapshot, name: string): Match | undefined {
  const virtual = catchAll(snapshot);
  if (virtual !== undefined) return { ...virtualMatch(snapshot, virtual, name), rule: 'catch-all', basis: 'fallback' };
  const fallback = snapshot.config.routing.default_model;
  const match = fallback === undefined ? undefined : matchName(snapshot, fallback);
  return match === undefined ? undefined : { ...match, rule: 'default-model', basis: 'fallback' };
}
