/** The parts of a provider that say where it is. */
export interface BaseSetting {
  readonly api_base?: string | undefined;
  readonly base_url?: string | undefined;
}

/** A last path segment that is a version: `/v1`, `/v1beta`, `/v2`, `/openai/v1`. */
const versioned = /\/v\d+(?:(?:alpha|beta)\d*)?$/;

/**
 * The exact base for requests, without a slash at its end. `api_base` is one already; `base_url` is the server's root,
 * which gets `prefix` (`/v1`, Gemini's `/v1beta`, Groq's `/openai/v1`, or empty) as far as it is not there, unless its
 * path ends in another version. Undefined when neither is set. Of two that were set the loader has kept one.
 */
export function exactBase(provider: BaseSetting, prefix: string): string | undefined {
  if (provider.api_base !== undefined) return trimSlashes(provider.api_base);
  if (provider.base_url === undefined) return undefined;
  const root = trimSlashes(provider.base_url);
  // A host may be called `v1` too: only the path counts.
  const path = trimSlashes(new URL(root).pathname);
  const present = overlap(path, prefix);
  if (present === '' && versioned.test(path)) return root;
  return `${root}${prefix.slice(present.length)}`;
}

/** The longest start of `prefix`, in whole segments, that `path` ends with: of `/openai/v1` the `/openai`. */
function overlap(path: string, prefix: string): string {
  const segments = prefix.split('/').slice(1);
  const starts = segments.map((_, index) => `/${segments.slice(0, segments.length - index).join('/')}`);
  return starts.find((start) => path.endsWith(start)) ?? '';
}

/** Without the slashes at its end. Not by a pattern, which would look at each run of slashes in the middle many times. */
export function trimSlashes(url: string): string {
  let { length } = url;
  while (url[length - 1] === '/') length--;
  return url.slice(0, length);
}
