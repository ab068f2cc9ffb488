import { genericType, type ProviderType, providerType, providerTypeOfHost } from '../catalogue/catalogue.ts';
import { exactBase } from '../config/base-url.ts';
import type { ProviderConfig } from '../config/schema.ts';
import { portOfUrl } from '../transport/address.ts';
import { type Environment, firstSet, hostOf, settingsOf } from './endpoint.ts';

/**
 * The catalogue's row for a declared provider: its `type`, else what its server turned out to be, else what its id
 * says, else who owns the host. `type: openai` at somebody else's address only means "OpenAI-compatible".
 */
export function typeOfProvider(id: string, config: ProviderConfig, found: string | undefined): ProviderType {
  const declaredBase = config.api_base ?? config.base_url;
  const owner = declaredBase === undefined ? undefined : providerTypeOfHost(hostOf(declaredBase) ?? '');
  const fingerprint = found === undefined || found === 'openai' ? undefined : providerType(found);
  const named = config.type === undefined ? (fingerprint ?? providerType(id)) : providerType(config.type);
  if (named === undefined) return owner ?? genericType();
  if (named.id === 'openai' && declaredBase !== undefined) return owner ?? genericType();
  return named;
}

/** Exact base, version prefix included, no trailing slash; undefined when nothing tells where the provider is. */
export function baseUrlOf(
  type: ProviderType,
  config: ProviderConfig | undefined,
  environment: Environment,
): string | undefined {
  const declared = exactBase(config ?? {}, type.versionPrefix);
  if (declared !== undefined) return declared;
  const root = firstSet(type.baseUrlVariables, environment);
  if (root !== undefined && URL.canParse(root)) return exactBase({ base_url: root }, type.versionPrefix);
  if (type.baseUrl === undefined) return undefined;
  const settings = settingsOf(type, config, environment);
  const template = templateFor(type, settings) ?? type.baseUrl;
  return fill(template, settings) ?? (hasKey(type, config, environment) ? type.keyBaseUrl : undefined);
}

function templateFor(type: ProviderType, settings: Readonly<Record<string, string>>): string | undefined {
  const found = Object.entries(type.baseUrlBySetting).find(
    ([name, templates]) => templates[settings[name] ?? ''] !== undefined,
  );
  return found?.[1][settings[found[0]] ?? ''];
}

function hasKey(type: ProviderType, config: ProviderConfig | undefined, environment: Environment): boolean {
  return (config?.api_key ?? firstSet(type.keyVariables, environment) ?? '') !== '';
}

/** Replaces `{name}`; undefined when a value is missing. */
function fill(template: string, settings: Readonly<Record<string, string>>): string | undefined {
  let isComplete = true;
  const text = template.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => {
    isComplete &&= settings[name] !== undefined;
    return encodeURIComponent(settings[name] ?? '');
  });
  return isComplete ? text : undefined;
}

/**
 * Equal for URLs that reach the same server. The spellings of loopback are one address; the port is the scheme's own
 * where none is written.
 */
export function addressKey(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return url;
  const host = parsed.hostname.toLowerCase();
  const isLoopback = host === 'localhost' || host === '[::1]' || /^127(?:\.\d+){3}$/.test(host);
  return `${isLoopback ? 'loopback' : host}:${portOfUrl(parsed)}`;
}
