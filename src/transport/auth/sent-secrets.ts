import type { Endpoint } from '../../core/model.ts';
import { KnownSecrets } from '../../telemetry/known-secrets.ts';

/** Headers of which everybody may know what they say; errors are full of it. */
const plainNames = new Set([
  'accept',
  'accept-language',
  'anthropic-beta',
  'anthropic-version',
  'content-type',
  'host',
  'http-referer',
  'openai-beta',
  'referer',
  'user-agent',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-goog-user-project',
  'x-title',
]);

const known = new WeakMap<Endpoint, KnownSecrets>();

/**
 * What an endpoint's requests carry that must not be seen elsewhere: its credential, and the values of the user's
 * headers.
 */
export function endpointSecrets(endpoint: Endpoint): KnownSecrets {
  let secrets = known.get(endpoint);
  if (secrets === undefined) {
    secrets = new KnownSecrets(secretsOf(endpoint, []));
    known.set(endpoint, secrets);
  }
  return secrets;
}

/** The same of one request, with header fields (a flat list) that were made for it: a signature, a token that expires. */
export function sentSecrets(endpoint: Endpoint, added: readonly string[]): KnownSecrets {
  return added.length === 0 ? endpointSecrets(endpoint) : new KnownSecrets(secretsOf(endpoint, added));
}

function secretsOf({ credential, headers }: Endpoint, added: readonly string[]): readonly string[] {
  const own = Object.entries(headers).flatMap(([name, value]) => secretsIn(name, value));
  const made = added.flatMap((name, at) => (at % 2 === 0 ? secretsIn(name, added[at + 1] ?? '') : []));
  return [...(credential === undefined ? [] : [credential.reveal()]), ...own, ...made];
}

/** A value as a whole, and its parts that look like a secret of their own: behind a scheme, a name, within Basic. */
function secretsIn(name: string, value: string): readonly string[] {
  if (plainNames.has(name.toLowerCase())) return [];
  const signature = /^AWS4-HMAC-SHA256 Credential=([^/]+).*Signature=(\w+)/.exec(value);
  if (signature !== null) return signature.slice(1);
  const [, scheme = '', rest = value] = /^(Basic|Bearer|Token|ApiKey|Key)\s+(.*)$/i.exec(value) ?? [];
  if (scheme.toLowerCase() === 'basic') return [rest, ...basicParts(rest)];
  return [...(isPlainUrl(rest) ? [] : [rest]), ...rest.split(/[\s,;="'&?]+/).filter(isRandom)];
}

function basicParts(encoded: string): readonly string[] {
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  return [pair, pair.slice(pair.indexOf(':') + 1)];
}

/** Letters and digits mixed, as no word has them. */
function isRandom(part: string): boolean {
  return part.length >= 12 && /\d/.test(part) && /[A-Za-z]/.test(part);
}

function isPlainUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
}
