import type { ClientKey } from '../access/keys.ts';
import type { Trail } from '../gateway/trail.ts';
import type { JsonObject } from '../protocols/protocol.ts';

/** A small answer made without an upstream. */
export interface PageRequest {
  readonly method: string;
  readonly path: string;
  /** What the route's `*` stood for. */
  readonly rest: string | undefined;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly key: ClientKey | undefined;
  /** Parsed JSON of a POST; undefined for other methods or an empty body. */
  readonly body: JsonObject | undefined;
  /** Fires when the client leaves. */
  readonly signal: AbortSignal;
  readonly trail: Trail;
}

export interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** Flat list. */
  readonly headers?: readonly string[] | undefined;
}

/** Throws a GatewayError for anything that is not an answer. */
export type PageHandler = (request: PageRequest) => Page | Promise<Page>;

export function jsonPage(value: unknown, status = 200): Page {
  return { status, contentType: 'application/json; charset=utf-8', body: `${JSON.stringify(value)}\n` };
}

export function textPage(body: string, status = 200): Page {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}
