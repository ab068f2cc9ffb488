import type { Endpoint } from '../../core/model.ts';
import { abortable } from './abortable.ts';
import { profileKeys } from './aws-profile.ts';
import { type AwsCredentialDeps, type FoundCredentials, findAwsCredentials } from './aws-sources.ts';
import { type AwsCredentials, amzDate, authorizationOf, sha256Hex } from './sigv4.ts';

const service = 'bedrock';

/** Owns what was found for each profile, and renews it once however many requests wait. */
class AwsCredentialCache {
  readonly #deps: AwsCredentialDeps;
  readonly #found = new Map<string, FoundCredentials>();
  readonly #pending = new Map<string, Promise<FoundCredentials>>();

  constructor(deps: AwsCredentialDeps) {
    this.#deps = deps;
  }

  /** The provider's own keys, else what AWS's order of places has. Throws `upstream_unauthorized`. */
  async find(settings: Endpoint['settings']): Promise<AwsCredentials> {
    const own = profileKeys(settings);
    if (own !== undefined) return own;
    const key = `${settings.profile ?? ''} ${settings.region ?? ''}`;
    const known = this.#found.get(key);
    const now = this.#deps.clock.now();
    if (known !== undefined && now < known.renewAtMs) return known.credentials;
    try {
      return (await this.#renew(key, settings)).credentials;
    } catch (thrown) {
      if (known !== undefined && now < known.expiresAtMs) return known.credentials;
      throw thrown;
    }
  }

  #renew(key: string, settings: Endpoint['settings']): Promise<FoundCredentials> {
    const pending = this.#pending.get(key);
    if (pending !== undefined) return pending;
    const search = findAwsCredentials(this.#deps, settings)
      .then((found) => {
        this.#found.set(key, found);
        return found;
      })
      .finally(() => this.#pending.delete(key));
    this.#pending.set(key, search);
    return search;
  }
}

interface Request {
  readonly url: string;
  /** Flat list of names and values. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/**
 * Signs requests to Amazon Bedrock. The result looks for nothing until it is called, and gives the headers to add.
 * Throws `upstream_unauthorized` with what to set when there are no credentials.
 */
export function createSigv4Authorizer(deps: AwsCredentialDeps) {
  const cache = new AwsCredentialCache(deps);
  return async (
    endpoint: Endpoint,
    request: Request,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>>> => {
    const credentials = await abortable(cache.find(endpoint.settings), signal);
    const url = new URL(request.url);
    const nowMs = deps.clock.now();
    const added: Record<string, string> = {
      'x-amz-date': amzDate(nowMs),
      'x-amz-content-sha256': sha256Hex(request.body),
    };
    if (credentials.sessionToken !== undefined) added['x-amz-security-token'] = credentials.sessionToken.reveal();
    const headers = { ...contentType(request.headers), ...added, host: url.host };
    const scope = { region: regionOf(url.hostname) ?? endpoint.settings.region ?? 'us-east-1', service, nowMs };
    const authorization = authorizationOf({ method: 'POST', url, headers, body: request.body }, scope, credentials);
    return { ...added, authorization };
  };
}

/** What stands in the host wins: a signature for another region is refused. */
function regionOf(hostname: string): string | undefined {
  return /(?:^|\.)bedrock-runtime(?:-fips)?\.([a-z]{2,}(?:-[a-z]+)+-\d)\./.exec(hostname)?.[1];
}

function contentType(headers: readonly string[]): Readonly<Record<string, string>> {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'content-type');
  const value = at === -1 ? undefined : headers[at + 1];
  return value === undefined ? {} : { 'content-type': value };
}
