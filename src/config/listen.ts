import { isIPv4, isIPv6 } from 'node:net';
import type { Environment } from './interpolate.ts';
import type { Report } from './issues.ts';
import { type Entry, emptyMap, isNull, type MapNode, type Mark, scalar, withEntry } from './tree.ts';

export interface Address {
  /** Without brackets. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

const defaultHost = '127.0.0.1';
const defaultPort = '4356';
const shape = 'write host:port, as 127.0.0.1:4356 or [::1]:4356';

/** `127.0.0.1:4356`, `[::1]:0`, `localhost:80`; undefined when it is not host and port. */
export function parseListen(text: string): Address | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:\s[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535) return undefined;
  return match?.[1] === undefined || isIPv6(host) ? { host, port } : undefined;
}

export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase();
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}

/**
 * `server.listen` as `host` and `port`. Files are merged in this form, so that a later file may change the port alone;
 * `joinListen` puts the result together again.
 */
export function splitListen(tree: MapNode, report: Report): MapNode {
  const server = tree.entries.get('server');
  const listen = server?.value.kind === 'map' ? server.value.entries.get('listen') : undefined;
  if (server?.value.kind !== 'map' || listen === undefined) return tree;
  const rest = withEntry(server.value, 'listen', undefined);
  const withServer = (value: MapNode) => withEntry(tree, 'server', { ...server, value });
  if (rest.entries.has('host') || rest.entries.has('port')) {
    report(listen.keyMark, ['server', 'listen'], {
      message: '"listen" and "host" + "port" say the same thing',
      hint: 'keep one',
    });
    return withServer(rest);
  }
  if (known(listen) === undefined) return withServer(rest);
  const address = parseListen(textOf(listen));
  if (address === undefined) {
    report(listen.value.mark, ['server', 'listen'], { message: 'this is not an address to listen on', hint: shape });
    return withServer(rest);
  }
  const part = (value: string): Entry => ({ keyMark: listen.keyMark, value: scalar(value, listen.value.mark) });
  return withServer(withEntry(withEntry(rest, 'host', part(address.host)), 'port', part(String(address.port))));
}

/** Puts `server.listen` together: flag over `ROUTER_HOST` and `ROUTER_PORT` over files over defaults. */
export function joinListen(tree: MapNode, environment: Environment, flag: string | undefined, report: Report): MapNode {
  const found = tree.entries.get('server');
  const value = found === undefined || isNull(found.value) ? emptyMap(tree.mark) : found.value;
  if (value.kind !== 'map') return tree;
  const server: MapNode = value;
  const rest = withEntry(withEntry(server, 'host', undefined), 'port', undefined);
  const host = fromVariable('ROUTER_HOST', environment) ?? known(server.entries.get('host'));
  const port = fromVariable('ROUTER_PORT', environment) ?? known(server.entries.get('port'));
  const chosen = flag === undefined ? together(host, port) : entryOf(flag, { file: '--listen', line: 0, column: 0 });
  if (chosen === undefined) return found === undefined ? tree : withServerMap(tree, found, rest);
  if (parseListen(textOf(chosen)) === undefined) {
    const place = placeOf(chosen, host, port);
    report(place.mark, ['server', place.key], { message: `this is not ${place.what}`, hint: place.hint });
    return found === undefined ? tree : withServerMap(tree, found, rest);
  }
  return withServerMap(tree, found ?? { keyMark: tree.mark, value: server }, withEntry(rest, 'listen', chosen));
}

function withServerMap(tree: MapNode, entry: Entry, value: MapNode): MapNode {
  return withEntry(tree, 'server', { ...entry, value });
}

function together(host: Entry | undefined, port: Entry | undefined): Entry | undefined {
  const source = host ?? port;
  if (source === undefined) return undefined;
  const name = host === undefined ? defaultHost : textOf(host);
  const bare = name.startsWith('[') && name.endsWith(']') ? name.slice(1, -1) : name;
  const number = port === undefined ? defaultPort : textOf(port);
  return entryOf(`${isIPv6(bare) ? `[${bare}]` : bare}:${number}`, source.value.mark);
}

/** Which of the two is wrong, for the message. */
function placeOf(chosen: Entry, host: Entry | undefined, port: Entry | undefined) {
  const isPortFine = port === undefined || parseListen(`x:${textOf(port)}`) !== undefined;
  if (chosen.value.mark.file === '--listen') {
    return { mark: chosen.value.mark, key: 'listen', what: 'an address to listen on', hint: shape };
  }
  if (!isPortFine) {
    return { mark: port.value.mark, key: 'port', what: 'a port', hint: 'write a number from 0 to 65535' };
  }
  return { mark: (host ?? chosen).value.mark, key: 'host', what: 'a host', hint: 'write a name or an address' };
}

function fromVariable(name: string, environment: Environment): Entry | undefined {
  const value = environment[name];
  return value === undefined || value === '' ? undefined : entryOf(value, { file: name, line: 0, column: 0 });
}

/** A variable that has no value here (a check without secrets) leaves the default. */
function known(entry: Entry | undefined): Entry | undefined {
  const isUnset = entry?.value.kind === 'scalar' && entry.value.reference?.unset !== undefined;
  return isUnset ? undefined : entry;
}

function entryOf(value: string, mark: Mark): Entry {
  return { keyMark: mark, value: scalar(value, mark) };
}

function textOf(entry: Entry): string {
  return entry.value.kind === 'scalar' ? String(entry.value.value) : '';
}
