import { isIP, isIPv6 } from 'node:net';
import { isAuthOn } from '../config/check-auth.ts';
import type { Config } from '../config/schema.ts';
import { GatewayError } from '../core/errors.ts';
import { isLoopbackHost } from '../transport/address.ts';

/** Lower-case names. */
type RequestHeaders = Readonly<Record<string, string | undefined>>;

export interface OriginRules {
  /** Auth off: the Host header is all that stands between a rebound DNS name and the user's models. */
  readonly isOpen: boolean;
  /** Host of the listen address as a `Host` header has it, lower case, without port. */
  readonly listenHost: string;
  /** As a `Host` header has them, in lower case, with or without a port. */
  readonly allowedHosts: readonly string[];
  /** Only programs on this machine can connect. */
  readonly isMachineOnly: boolean;
  /** `Host` headers that were found to be fine for this machine; filled here, dropped with the rules. */
  readonly knownHosts: Set<string>;
}

export interface Asking {
  readonly headers: RequestHeaders;
  /** Whether a program on this machine sends it. Only asked where others can connect. */
  readonly isFromHere: () => boolean;
}

/** `listenHost` is the listen address's, without port. */
export function originRulesOf(config: Config, listenHost: string): OriginRules {
  return {
    isOpen: !isAuthOn(config),
    listenHost: asHostHeader(listenHost),
    allowedHosts: config.server.allowed_hosts.map(asHostHeader),
    isMachineOnly: isLoopbackHost(listenHost),
    knownHosts: new Set(),
  };
}

/** Clients use one or two spellings; one that invents more must not grow the memory of them. */
const maxKnownHosts = 64;

/**
 * Refuses what a web page on another origin could send before anything is read or spent. Programs send neither
 * Origin nor Sec-Fetch-Site, so they never notice.
 */
export function checkOrigin({ headers, isFromHere }: Asking, rules: OriginRules): GatewayError | undefined {
  // Anybody can write `localhost`: of another machine it means that machine.
  const isLoopbackOurs = !rules.isOpen || rules.isMachineOnly || isFromHere();
  if (rules.isOpen && !isAllowedHost(headers.host, rules, isLoopbackOurs)) {
    return new GatewayError('forbidden', `Requests for the host "${printable(headers.host)}" are not accepted.`, {
      hint: `${isLoopbackOurs ? 'use localhost or 127.0.0.1, or ' : ''}add the name to server.allowed_hosts`,
    });
  }
  const { origin } = headers;
  if (origin !== undefined && !(isLoopbackOurs && isLoopbackOrigin(origin))) {
    return new GatewayError('forbidden', `Requests from the web origin "${printable(origin)}" are not accepted.`);
  }
  if (headers['sec-fetch-site'] === 'cross-site') {
    return new GatewayError('forbidden', 'Requests from other web sites are not accepted.');
  }
  return undefined;
}

function isAllowedHost(header: string | undefined, rules: OriginRules, isLoopbackOurs: boolean): boolean {
  if (header === undefined) return false;
  if (isLoopbackOurs && rules.knownHosts.has(header)) return true;
  const host = hostName(header);
  if (host === undefined) return false;
  const isAllowed = (isLoopbackOurs && isOwnName(host)) || isListed(host, header, rules);
  if (isAllowed && isLoopbackOurs && rules.knownHosts.size < maxKnownHosts) rules.knownHosts.add(header);
  return isAllowed;
}

function isOwnName(host: string): boolean {
  return isLoopbackHost(host) && (isIP(stripBrackets(host)) !== 0 || host === 'localhost');
}

function isListed(host: string, header: string, rules: OriginRules): boolean {
  return host === rules.listenHost || rules.allowedHosts.some((one) => one === host || one === header.toLowerCase());
}

/** What clients write for a name of the file: `fd00::0:1` as `[fd00::1]`, `bücher.lan` as `xn--bcher-kva.lan`. */
function asHostHeader(allowed: string): string {
  const text = allowed.trim().toLowerCase();
  const [, host = text, port = ''] = isIPv6(text) ? [text, `[${text}]`] : (/^(.*?)(:\d+)?$/.exec(text) ?? []);
  return `${URL.parse(`http://${host}`)?.hostname ?? host}${port}`;
}

/** `Host` without its port, lower case; undefined when it is not a host at all. */
function hostName(header: string): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[^:/@\s]+)(?::\d{1,5})?$/i.exec(header);
  return match?.[1]?.toLowerCase();
}

function isLoopbackOrigin(origin: string): boolean {
  const match = /^[a-z][a-z0-9+.-]*:\/\/(\[[0-9a-f:.]+\]|[^:/@\s]+)(?::\d{1,5})?$/i.exec(origin);
  return match?.[1] !== undefined && isLoopbackHost(match[1]);
}

function stripBrackets(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

/** Header text in a message: cut, and without anything that is not plain. */
function printable(text: string | undefined): string {
  return (text ?? '').slice(0, 100).replace(/[^\x20-\x7e]/g, '?');
}
