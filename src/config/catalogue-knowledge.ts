import { genericType, type ProviderType, providerType, providerTypes } from '../catalogue/catalogue.ts';
import type { Environment } from './interpolate.ts';
import type { Knowledge } from './knowledge.ts';

export interface KnowledgeSources {
  readonly isForbiddenHost: (hostname: string) => boolean;
  /** The real environment: some types take their address from it. */
  readonly environment: Environment;
  /** Providers of the program's own, such as the demo engine. */
  readonly builtIn?: readonly string[];
  /** See `Knowledge`. */
  readonly ownAddresses?: (() => readonly string[]) | undefined;
}

/** What the shipped catalogue says, in the terms the configuration asks in. */
export function catalogueKnowledge(sources: KnowledgeSources): Knowledge {
  const generic = genericType();
  return {
    canonicalType: (word) => providerType(word)?.id,
    typeNames: providerTypes().map((type) => type.id),
    hasBase: (type) => hasBase(providerType(type), sources.environment),
    usualBase: (type) => providerType(type)?.baseUrl,
    ownAddresses: sources.ownAddresses,
    isProviderId: (id) => isProviderId(id, generic) || (sources.builtIn ?? []).includes(id),
    isForbiddenHost: sources.isForbiddenHost,
  };
}

function hasBase(type: ProviderType | undefined, environment: Environment): boolean {
  if (type === undefined) return false;
  return type.baseUrl !== undefined || type.baseUrlVariables.some((name) => (environment[name] ?? '') !== '');
}

/** A type's word is the id of its discovered or key-enabled provider; a second server is called `ollama-<port>`. */
function isProviderId(id: string, generic: ProviderType): boolean {
  const type = providerType(id.replace(/-\d+$/, ''));
  return type !== undefined && type.id !== generic.id;
}
