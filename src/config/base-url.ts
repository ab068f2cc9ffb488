/** The parts of a provider that say where it is. */
export interface BaseSetting {
  readonly api_base?: string | undefined;
  readonly base_url?: string | undefined;
}

/** A last path segment that is a version: `/v1`, `/v1beta`, `/v2`, `/openai/v1`. */
const versioned = /\/v\d+(?:(?:alpha|beta)\d*)?$/;

/**
 * The exact base for requests, without a slash at its end. `api_base` is one already; `base_url` is the server's root,
 * which gets `prefix` (`/v1`, Gemini's `/v1beta`, or empty) unless its path ends in a version. Undefined when neither
 * is set. Of two that were set the file's loader has kept one.
 */
export function exactBase(provider: BaseSetting, prefix: string): string | undefined {
  if (provider.api_base !== undefined) return trimSlashes(provider.api_base);
  if (provider.base_url === undefined) return undefined;
  const root = trimSlashes(provider.base_url);
  return versioned.test(pathOf(root)) ? root : `${root}${prefix}`;
}

function trimSlashes(url: string): string {
  return url.replace(/\/+$/, '');
}

/** A host may be called `v1` too: only the path counts. */
function pathOf(url: string): string {
  return new URL(url).pathname;
}
