import type { ClientKey } from '../access/keys.ts';
import type { LocalOnly } from '../config/schema.ts';
import type { Departure } from '../core/departure.ts';
import type { MemoryShare } from '../core/memory-budget.ts';
import type { InboundFormat, InboundRoute, JsonObject } from '../protocols/protocol.ts';
import type { Trail } from './trail.ts';

/** What the client gets, as the pipeline sees it; the server wraps its response in one. */
export interface Reply {
  /** True once the status line is out or on its way. */
  readonly isStarted: boolean;
  /** Flat list of header names and values. */
  start(status: number, headers: readonly string[]): void;
  /** False when the client reads slower than we write: wait for `onDrain`. */
  write(chunk: Buffer | string): boolean;
  onDrain(listener: () => void): void;
  end(chunk?: Buffer | string): void;
  /** Cuts the connection: for an answer that broke and has no way to say so. */
  abort(): void;
  /** A whole answer at once. */
  send(status: number, headers: readonly string[], body: Buffer | string): void;
}

/** One request on its way. Made by the server; read-only but for the trail. */
export interface Exchange {
  readonly id: string;
  readonly method: string;
  /** Path as the client wrote it, without the query. */
  readonly path: string;
  /** Flat list, as they came, but for Content-Length. */
  readonly rawHeaders: readonly string[];
  /** Lower-case names, without Content-Length as well. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly inbound: InboundFormat;
  readonly route: InboundRoute;
  /** Decoded (no content encoding), whole. */
  readonly body: Buffer;
  /** The body of a form: its fields that are text. */
  readonly json: JsonObject;
  /** The body taken apart, where it is a form. */
  readonly form?: FormData | undefined;
  readonly key: ClientKey | undefined;
  readonly reply: Reply;
  readonly departure: Departure;
  /** What this request holds of what all may. */
  readonly memory: MemoryShare;
  /** Monotonic milliseconds at which the request's head had been read. */
  readonly startedAt: number;
  readonly trail: Trail;
}

/** What a caller may ask of the router in headers. Spellings of two other gateways are taken too. */
export interface RoutingHeaders {
  readonly lock: string | undefined;
  readonly localOnly: LocalOnly;
  /** How the answer's headers are spelled: the caller's own dialect. */
  readonly prefix: 'x-router-' | 'x-prism-' | 'x-agentcc-';
}

const prefixes = ['x-router-', 'x-prism-', 'x-agentcc-'] as const;

const plain: RoutingHeaders = { lock: undefined, localOnly: false, prefix: 'x-router-' };

/** A header that is there but empty still asks for something: it never counts as left out. */
export function readRoutingHeaders(headers: Exchange['headers']): RoutingHeaders {
  // Nearly every request has none of them.
  const prefix = dialect(headers);
  if (prefix === undefined) return plain;
  const read = (name: string) =>
    prefixes.flatMap((one) => headers[one + name] ?? []).flatMap((value) => value.split(','));
  const locks = new Set(read('provider-lock').map((lock) => lock.trim()));
  return {
    // Several that differ name no provider there could be, and neither does an empty one.
    lock: locks.size === 0 ? undefined : [...locks].join(', '),
    localOnly: localOnlyOf(read('local-only')),
    prefix,
  };
}

/** A header of ours or of another gateway's spelling, by its name without the prefix; empty ones are not there. */
export function routingHeader(headers: Exchange['headers'], name: string): string | undefined {
  for (const prefix of prefixes) {
    const value = headers[prefix + name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

/** Another gateway's where the caller writes it, else ours; undefined when the caller asks for nothing. */
function dialect(headers: Exchange['headers']): RoutingHeaders['prefix'] | undefined {
  let found: RoutingHeaders['prefix'] | undefined;
  for (const name in headers) {
    if (!name.startsWith('x-')) continue;
    if (name.startsWith('x-prism-')) return 'x-prism-';
    if (name.startsWith('x-agentcc-')) return 'x-agentcc-';
    if (name.startsWith('x-router-')) found = 'x-router-';
  }
  return found;
}

const clearNo = new Set(['false', '0', 'no', 'off']);

/** The strictest of what the values say; false when there are none. */
export function localOnlyOf(values: readonly string[]): LocalOnly {
  const words = values.map((word) => word.trim().toLowerCase());
  if (words.some((word) => word.includes('machine'))) return 'machine';
  // Anything that is not a clear no keeps the request at home: the safe reading of a header about privacy.
  return words.some((word) => !clearNo.has(word));
}
