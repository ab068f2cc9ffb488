import { remembered } from '../core/remembered.ts';

/** Hop-by-hop fields of RFC 9110 section 7.6.1, and what the next message sets for itself. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Never sent upstream: the client's credentials, its whereabouts, what describes bytes that we change. */
const requestDrops = new Set([
  ...hopByHop,
  'host',
  'content-length',
  'content-encoding',
  'content-type',
  'expect',
  'accept-encoding',
  'authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'openai-organization',
  'openai-project',
  'cookie',
  'origin',
  'referer',
  'forwarded',
  'via',
  'x-real-ip',
]);
const requestDropPrefixes = [
  'sec-',
  'x-forwarded-',
  'x-router-',
  'x-prism-',
  'x-agentcc-',
  'proxy-',
  'access-control-',
  // A signature covers all of these: one of the client's would break ours, and one of them is a credential.
  'x-amz-',
];

/** Fields that only mean something to one protocol, by the upstream protocol that gets them. */
const protocolPrefixes: Readonly<Record<string, string>> = {
  'anthropic-': 'messages',
  'x-goog-': 'generate_content',
};

const responseDrops = new Set([
  ...hopByHop,
  'content-length',
  'content-encoding',
  'set-cookie',
  'set-cookie2',
  'server',
  'alt-svc',
  'date',
  'x-should-retry',
  // Echoes of what was sent to authorize the request.
  'authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
]);
const responseDropPrefixes = ['access-control-', 'x-router-'];

type Verdict = 'keep' | 'drop' | string;

const requestVerdict = remembered((written): Verdict => {
  const name = written.toLowerCase();
  if (requestDrops.has(name) || requestDropPrefixes.some((prefix) => name.startsWith(prefix))) return 'drop';
  for (const [prefix, protocol] of Object.entries(protocolPrefixes)) if (name.startsWith(prefix)) return protocol;
  return 'keep';
});

const responseVerdict = remembered((written): Verdict => {
  const name = written.toLowerCase();
  return responseDrops.has(name) || responseDropPrefixes.some((prefix) => name.startsWith(prefix)) ? 'drop' : 'keep';
});

/**
 * The client's fields that travel on, as a flat list of names and values. `protocol` is the upstream's;
 * `overrides` (lower-case names) replace the client's own.
 */
export function forwardedRequestHeaders(
  rawHeaders: readonly string[],
  protocol: string,
  overrides: Readonly<Record<string, string>>,
): string[] {
  const result: string[] = [];
  const named = connectionNames(rawHeaders);
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const verdict = requestVerdict(name);
    if (verdict === 'drop' || (verdict !== 'keep' && verdict !== protocol)) continue;
    const lower = name.toLowerCase();
    if (lower in overrides || named?.has(lower) === true) continue;
    result.push(name, rawHeaders[i + 1] as string);
  }
  for (const name in overrides) result.push(name, overrides[name] as string);
  return result;
}

/** Fields that any `Connection:` among them names, lower case; undefined when none does. */
function connectionNames(rawHeaders: readonly string[]): Set<string> | undefined {
  let names: Set<string> | undefined;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.length !== 10 || rawHeaders[i]?.toLowerCase() !== 'connection') continue;
    names = withNames(names, rawHeaders[i + 1] as string);
  }
  return names;
}

/** Fields that `Connection:` names are hop-by-hop too. */
function withNames(names: Set<string> | undefined, value: string): Set<string> | undefined {
  const text = value.toLowerCase();
  if (text === 'keep-alive' || text === 'close') return names;
  return new Set([...(names ?? []), ...text.split(',').map((name) => name.trim())]);
}

/** The upstream's fields that the client gets, as a flat list. */
export function forwardedResponseHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): string[] {
  const result: string[] = [];
  const { connection = '' } = headers;
  const named = withNames(undefined, typeof connection === 'string' ? connection : connection.join(','));
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || responseVerdict(name) === 'drop' || named?.has(name.toLowerCase()) === true) continue;
    if (typeof value === 'string') result.push(name, value);
    else for (const one of value) result.push(name, one);
  }
  return result;
}
