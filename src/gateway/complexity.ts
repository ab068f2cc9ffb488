import type { Config } from '../config/schema.ts';
import { GatewayError } from '../core/errors.ts';
import type { Operation } from '../core/model.ts';
import type { CanonicalRequest, ContentPart, Message } from '../protocols/canonical.ts';
import { type Formats, formatKey } from '../protocols/formats.ts';
import { asksForAny } from '../registry/look-up.ts';
import type { Resolution } from '../registry/resolution.ts';
import {
  defaultWeights,
  type Signals,
  scoreOf,
  signalsOf,
  type Tier,
  type Traits,
  tiersFrom,
} from '../routing/complexity.ts';
import { type Exchange, routingHeader } from './exchange.ts';

type ComplexityConfig = NonNullable<Config['routing']['complexity']>;

export interface TierPlace extends Tier {
  readonly model: string;
  readonly provider: string | undefined;
}

/** Where a request goes by how hard it is. */
export interface TierChoice {
  /** 0 to 100; undefined when the caller chose the tier. */
  readonly score: number | undefined;
  readonly signals: Signals | undefined;
  /** The request's own tier, then the harder ones, which stand in for it. Never empty. */
  readonly places: readonly TierPlace[];
}

/** Requests that the choice may be made for: only they have a conversation to judge. */
const judged: ReadonlySet<Operation> = new Set(['chat', 'completions']);

/** `auto` and no name, or every name where the file says so. A name that nobody serves is asked about later. */
export function isJudged(config: Config, model: string, operation: Operation): boolean {
  const { complexity } = config.routing;
  if (complexity?.enabled !== true || !judged.has(operation)) return false;
  return complexity.apply_to === 'all' || asksForAny(model);
}

/** Names that nobody serves go by complexity as well. */
export function isJudgedUnserved(config: Config, operation: Operation): boolean {
  return config.routing.complexity?.enabled === true && judged.has(operation);
}

/** Throws `bad_request` for a tier that does not exist. */
export function chooseTier(config: ComplexityConfig, exchange: Exchange, formats: Formats): TierChoice {
  const wanted = routingHeader(exchange.headers, 'complexity-override');
  const tiers = placesOf(config);
  if (wanted !== undefined) return { score: undefined, signals: undefined, places: tiersNamed(tiers, wanted) };
  return judge(config, traitsOf(exchange, formats));
}

export function judge(config: ComplexityConfig, traits: Traits): TierChoice {
  const signals = signalsOf(traits);
  const score = scoreOf(signals, { ...defaultWeights, ...config.weights });
  return { score, signals, places: tiersFrom(placesOf(config), score) };
}

/** One resolution for a tier and those that stand in for it: their candidates follow in the tiers' order. */
export function joined(resolutions: readonly [Resolution, ...Resolution[]]): Resolution {
  const found = resolutions.filter(({ kind }) => kind === 'found');
  const [first, ...rest] = found;
  if (first === undefined) return resolutions[0];
  const others = rest.flatMap(({ candidates }) => candidates);
  const candidates = [...first.candidates, ...others];
  return {
    ...first,
    candidates,
    standIns: first.standIns + others.length,
    isPinned: first.isPinned && others.length === 0,
  };
}

/** In the order they are written. */
export function placesOf({ tiers }: ComplexityConfig): readonly TierPlace[] {
  return Object.entries(tiers).map(([name, tier]) => ({
    name,
    maxScore: tier.max_score,
    model: tier.model,
    provider: tier.provider,
  }));
}

function tiersNamed(tiers: readonly TierPlace[], wanted: string): readonly TierPlace[] {
  const own = tiers.find(({ name }) => name.toLowerCase() === wanted.trim().toLowerCase());
  if (own !== undefined) return tiersFrom(tiers, own.maxScore);
  throw new GatewayError('bad_request', `"${wanted.slice(0, 60)}" is not a complexity tier.`, {
    hint: `one of ${tiers.map(({ name }) => name).join(', ')}`,
  });
}

function traitsOf(exchange: Exchange, formats: Formats): Traits {
  const inbound = formats.inbounds.get(formatKey(exchange.inbound.id));
  const facts = exchange.inbound.facts(exchange.json, exchange.route);
  if (inbound === undefined) return { ...noTraits, promptTokens: facts.promptTokens };
  const { request } = inbound.decode(exchange.json, exchange.route);
  return { ...requestTraits(request), promptTokens: facts.promptTokens };
}

export const noTraits: Traits = {
  promptTokens: 0,
  turns: 1,
  systemTokens: 0,
  tools: 0,
  media: 0,
  lastText: '',
  output: 'text',
  maxTokens: undefined,
};

function requestTraits(request: CanonicalRequest): Omit<Traits, 'promptTokens'> {
  const { messages, output } = request;
  const asked = messages.filter(({ role }) => role === 'user');
  const system = messages.filter(({ role }) => role === 'system' || role === 'developer');
  return {
    turns: asked.length,
    systemTokens: system.reduce((sum, message) => sum + textOf(message).length, 0) / 4,
    tools: request.tools.length,
    media: asked.reduce((sum, { content }) => sum + content.filter(isMedia).length, 0),
    lastText: asked.length === 0 ? '' : textOf(asked.at(-1) as Message),
    output: output === undefined || output.kind === 'text' ? 'text' : output.kind === 'json-schema' ? 'schema' : 'json',
    maxTokens: request.maxTokens,
  };
}

function textOf({ content }: Message): string {
  return content.map((part) => (part.kind === 'text' ? part.text : '')).join('\n');
}

function isMedia({ kind }: ContentPart): boolean {
  return kind === 'image' || kind === 'audio' || kind === 'document';
}
