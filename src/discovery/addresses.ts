import { trimSlashes } from '../config/base-url.ts';
import { isLoopbackHost } from '../transport/address.ts';

/** Host without brackets, and port where one was given. */
export interface HostPort {
  readonly host: string;
  readonly port: number | undefined;
}

export interface OllamaHost extends HostPort {
  readonly scheme: 'http' | 'https';
  readonly port: number;
  /** In front of all of its paths: '' or `/path`. */
  readonly prefix: string;
}

/** Literal loopback addresses, in the order they are tried: IPv4 first, as the servers listen. */
const loopbackAddresses = ['127.0.0.1', '[::1]'] as const;

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/**
 * The addresses to try for a host: a literal is itself, `localhost` and "all interfaces" are both loopbacks. The
 * name `localhost` is never connected to: resolvers differ in which of the two they mean.
 */
export function originsOf(host: string, port: number, scheme = 'http'): readonly string[] {
  const isEverywhere = host === '' || host === '*' || host === '0.0.0.0' || host === '::';
  const isName = /^(.+\.)?localhost\.?$/i.test(host);
  const hosts = isEverywhere || isName ? loopbackAddresses : [bracketed(host)];
  return hosts.map((address) => `${scheme}://${address}:${port}`);
}

/** True for loopback and for "all interfaces", which on this machine means loopback. */
export function meansThisMachine(host: string): boolean {
  return host === '' || host === '*' || host === '0.0.0.0' || host === '::' || isLoopbackHost(host);
}

/** A port in 1..65535. */
export function portOf(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? '';
  if (!/^\d{1,5}$/.test(trimmed)) return undefined;
  const port = Number(trimmed);
  return port > 0 && port <= 65_535 ? port : undefined;
}

/** `host`, `host:port`, `:port`, an IPv6 literal with or without brackets. Undefined for anything else. */
export function parseHostPort(text: string): HostPort | undefined {
  const trimmed = text
    .trim()
    .replace(/^https?:\/\//i, '')
    .replace(/\/[\s\S]*$/, '');
  const bracket = /^\[([^\]]+)\](?::(\d+))?$/.exec(trimmed);
  if (bracket !== null) return withPort(bracket[1] ?? '', bracket[2]);
  if (trimmed.split(':').length > 2) return { host: trimmed, port: undefined };
  const [host = '', port] = trimmed.split(':');
  if (/[\s/@]/.test(host)) return undefined;
  return withPort(host, port);
}

function withPort(host: string, text: string | undefined): HostPort | undefined {
  if (text === undefined) return host === '' ? undefined : { host, port: undefined };
  const port = portOf(text);
  return port === undefined ? undefined : { host, port };
}

/**
 * `OLLAMA_HOST` by Ollama's own rules: spaces and quotes are trimmed; `http://` without a port means 80, `https://`
 * 443, no scheme 11434; a port that is not a number in 0..65535 falls back to that default.
 */
export function parseOllamaHost(value: string): OllamaHost {
  const text = value
    .trim()
    .replace(/^["']+|["']+$/g, '')
    .trim();
  const [, schemeWord, rest = ''] = /^(?:([a-z]+):\/\/)?(.*)$/is.exec(text) ?? [];
  const scheme = schemeWord?.toLowerCase() === 'https' ? 'https' : 'http';
  const defaultPort = schemeWord === undefined ? 11_434 : scheme === 'https' ? 443 : 80;
  const slash = rest.indexOf('/');
  const hostPort = slash === -1 ? rest : rest.slice(0, slash);
  const path = slash === -1 ? '' : trimSlashes(rest.slice(slash));
  return { scheme, prefix: path, ...splitOllamaHost(hostPort, defaultPort) };
}

function splitOllamaHost(text: string, defaultPort: number): { readonly host: string; readonly port: number } {
  const bare = text.replace(/^\[(.*)\]$/, '$1');
  const isBareIpv6 = bare.split(':').length > 2;
  const split = isBareIpv6 && !/^\[.*\]:/.test(text) ? undefined : /^(?:\[([^\]]*)\]|([^:]*)):([^:]*)$/.exec(text);
  if (split === null || split === undefined) return { host: bare === '' ? '127.0.0.1' : bare, port: defaultPort };
  const number = Number(split[3]);
  const isPort = /^\d+$/.test(split[3] ?? '') && number <= 65_535;
  return { host: split[1] ?? split[2] ?? '', port: isPort ? number : defaultPort };
}
