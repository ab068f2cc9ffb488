import { z } from 'zod';
import { type AuthKind, type EndpointQuirks, protocolNames } from '../core/model.ts';
import rows from './providers.json' with { type: 'json' };

const authKinds = [
  'none',
  'bearer',
  'x-api-key',
  'x-goog-api-key',
  'api-key',
  'sigv4',
  'google',
] as const satisfies readonly AuthKind[];

const quirks = z.strictObject({
  tokenLimitField: z.enum(['max_tokens', 'max_completion_tokens']).optional(),
  completions: z.boolean().optional(),
  streamOptions: z.boolean().optional(),
  jsonObject: z.boolean().optional(),
  imageBytesOnly: z.boolean().optional(),
  reasoningField: z.enum(['reasoning_content', 'reasoning', 'reasoning_details']).optional(),
  cacheMarks: z.boolean().optional(),
  developerRole: z.boolean().optional(),
  rejectedFields: z.array(z.string()).optional(),
  tokenizePath: z.string().startsWith('/').optional(),
}) satisfies z.ZodType<EndpointQuirks>;

const words = z.array(z.string().min(1));

/** One row of `providers.json`: what is known about a word of `type`. */
const row = z.strictObject({
  id: z.string().regex(/^[a-z0-9_]+$/),
  aliases: words.default([]),
  label: z.string().min(1),
  /** Exact base, version prefix included; `{name}` is filled in from the provider's settings. */
  baseUrl: z.string().optional(),
  /** Bases of another form, by the setting and its value that call for them. */
  baseUrlBySetting: z.record(z.string(), z.record(z.string(), z.string())).default({}),
  /** Base where a plain key is all there is. */
  keyBaseUrl: z.string().optional(),
  /** What a server's root URL needs in front of the protocol's paths. */
  versionPrefix: z.string().default('/v1'),
  /** What it speaks, preferred first. */
  protocols: z.array(z.enum(protocolNames)).min(1).default(['chat_completions']),
  auth: z.enum(authKinds).default('bearer'),
  /** How a plain key travels, where `auth` is a scheme that works without one. */
  keyAuth: z.enum(authKinds).optional(),
  /** Usual environment variables of its key, first one set wins. */
  keyVariables: words.default([]),
  /** Where the base is the user's own, its usual environment variables: the root, without version prefix. */
  baseUrlVariables: words.default([]),
  /** Usual environment variables of its settings. */
  settingVariables: z.record(z.string(), words).default({}),
  settingDefaults: z.record(z.string(), z.string()).default({}),
  isLocal: z.boolean().default(false),
  /** Serves other vendors' models, wherever those run. */
  isAggregator: z.boolean().default(false),
  /** Hosts that its key may travel to; `*` at the start stands for anything, elsewhere for one label. */
  hosts: words.default([]),
  defaultPort: z.int().positive().optional(),
  startCommand: z.string().optional(),
  quirks: quirks.default({}),
  /** Where its models are listed, relative to the base; null where they cannot be asked for. */
  listing: z.string().nullable().default('models'),
});

export type ProviderType = z.output<typeof row>;

interface Table {
  readonly types: readonly ProviderType[];
  readonly byWord: ReadonlyMap<string, ProviderType>;
  readonly hostsByVariable: ReadonlyMap<string, readonly string[]>;
}

/** Spelling does not matter: `LM-Studio`, `lm studio` and `lm_studio` are one word. */
function normalize(word: string): string {
  return word.trim().toLowerCase().replaceAll(/[-\s]/g, '_');
}

function build(): Table {
  const types = z.array(row).parse(rows);
  const byWord = new Map<string, ProviderType>();
  const hostsByVariable = new Map<string, readonly string[]>();
  for (const type of types) {
    for (const word of [type.id, ...type.aliases]) byWord.set(normalize(word), type);
    for (const variable of type.keyVariables) {
      hostsByVariable.set(variable, [...(hostsByVariable.get(variable) ?? []), ...type.hosts]);
    }
  }
  return { types, byWord, hostsByVariable };
}

/** Parsed on first use: most commands never need it. */
const table = (() => {
  let parsed: Table | undefined;
  return () => {
    parsed ??= build();
    return parsed;
  };
})();

/** Every type, hosted ones first. */
export function providerTypes(): readonly ProviderType[] {
  return table().types;
}

/** The type that a word means, whatever its case and dashes; undefined for an unknown word. */
export function providerType(word: string): ProviderType | undefined {
  return table().byWord.get(normalize(word));
}

/** Any OpenAI-compatible server that has no type of its own. */
export function genericType(): ProviderType {
  const type = providerType('openai_compatible');
  if (type === undefined) throw new TypeError('the catalogue has no generic row');
  return type;
}

/** The hosted type that answers at `host` (without port); undefined for hosts that are not in the catalogue. */
export function providerTypeOfHost(host: string): ProviderType | undefined {
  return table().types.find((type) => type.hosts.some((pattern) => hostMatches(pattern, host)));
}

/** Well-known key variables and the host patterns that each key may be sent to. */
export function keyVariableHosts(): ReadonlyMap<string, readonly string[]> {
  return table().hostsByVariable;
}

/** `*` at the start of a pattern stands for at least one character, elsewhere for one label; case does not matter. */
export function hostMatches(pattern: string, host: string): boolean {
  const wanted = pattern.toLowerCase();
  const given = host.toLowerCase();
  const start = wanted.indexOf('*', 1);
  if (start !== -1) return labelsMatch(wanted, given);
  if (!wanted.startsWith('*')) return wanted === given;
  return given.length > wanted.length - 1 && given.endsWith(wanted.slice(1));
}

function labelsMatch(wanted: string, given: string): boolean {
  const text = RegExp.escape(wanted.replace(/^\*/, '')).replaceAll('\\*', '[^.]+');
  return new RegExp(`^${wanted.startsWith('*') ? '.+' : ''}${text}$`).test(given);
}
