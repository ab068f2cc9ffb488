import type { ProtocolName } from '../core/model.ts';
import type { ErrorRenderer, InboundFormat } from '../protocols/protocol.ts';
import type { PageHandler } from './pages.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'DELETE';

/** What a path leads to. */
export type Route =
  | { readonly kind: 'inference'; readonly inbound: InboundFormat; readonly takesAnyType: boolean }
  | {
      readonly kind: 'page';
      readonly page: PageHandler;
      readonly access: PageAccess;
      /** What is asked for, for records of it: `models`, `count_tokens`. */
      readonly operation: string;
      /** Of the client's protocol; undefined for pages of no protocol. */
      readonly protocol: ProtocolName | undefined;
    };

/** open: for anybody who passes the origin rules; key: like inference; admin: the admin token. */
export type PageAccess = 'open' | 'key' | 'admin';

export interface RouteRow {
  /** `/v1/models/*` takes ids with slashes; `{model}:{action}` splits at the last colon. */
  readonly path: string;
  readonly methods: readonly Method[];
  readonly route: Route;
  /** Whose envelope an error has here, also for a method that is not taken. */
  readonly errors: ErrorRenderer;
}

export interface RouteMatch {
  readonly route: Route;
  /** What a `*` stood for, decoded. */
  readonly rest: string | undefined;
  /** After the last colon of a `{model}:{action}` path. */
  readonly action: string | undefined;
  readonly errors: ErrorRenderer;
}

export type Lookup =
  | { readonly kind: 'found'; readonly match: RouteMatch }
  | { readonly kind: 'wrong-method'; readonly allowed: readonly Method[]; readonly errors: ErrorRenderer }
  | { readonly kind: 'unknown' };

/** Whose envelope an error has where nothing is served. */
export interface ErrorDialect {
  /** `/api` is itself and all below it. */
  readonly under: string;
  readonly renderer: ErrorRenderer;
}

export interface RouteTableInput {
  readonly rows: readonly RouteRow[];
  /** For paths below those of the rows; the longest counts. */
  readonly dialects: readonly ErrorDialect[];
  /** For every other path. */
  readonly errors: ErrorRenderer;
}

/** Paths to routes. OpenAI's paths are found with and without `/v1`. */
export class RouteTable {
  readonly #exact = new Map<string, RouteRow[]>();
  readonly #prefixes: { readonly prefix: string; readonly row: RouteRow }[] = [];

  readonly #dialects: readonly ErrorDialect[];
  /** Of what is not even a request. */
  readonly errors: ErrorRenderer;

  constructor({ rows, dialects, errors }: RouteTableInput) {
    this.errors = errors;
    this.#dialects = dialects.toSorted((one, other) => other.under.length - one.under.length);
    for (const row of rows) {
      for (const path of spellings(row.path)) this.#add(path, row);
    }
  }

  /** The envelope of an error at a path, whether something is served there or not. */
  errorsAt(path: string, method: string): ErrorRenderer {
    const found = this.find(path, method);
    if (found.kind === 'found') return found.match.errors;
    if (found.kind === 'wrong-method') return found.errors;
    const dialect = this.#dialects.find(({ under }) => path === under || path.startsWith(`${under}/`));
    return dialect?.renderer ?? this.errors;
  }

  find(path: string, method: string): Lookup {
    const clean = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
    const exact = this.#exact.get(clean);
    if (exact !== undefined) return choose(exact, method, { rest: undefined, action: undefined });
    const rows = this.#prefixes.filter(({ prefix }) => clean.startsWith(prefix) && clean.length > prefix.length);
    const longest = Math.max(...rows.map(({ prefix }) => prefix.length));
    const best = rows.filter(({ prefix }) => prefix.length === longest);
    if (best.length === 0) return { kind: 'unknown' };
    return matchRest(
      best.map(({ row }) => row),
      decoded(clean.slice(longest)),
      method,
    );
  }

  /** Known paths, for the hint of a 404. */
  paths(): readonly string[] {
    return [...this.#exact.keys()];
  }

  #add(path: string, row: RouteRow): void {
    const star = path.search(/[*{]/);
    if (star !== -1) {
      this.#prefixes.push({ prefix: path.slice(0, star), row });
      return;
    }
    this.#exact.set(path, [...(this.#exact.get(path) ?? []), row]);
  }
}

function spellings(path: string): readonly string[] {
  return path.startsWith('/v1/') ? [path, path.slice(3)] : [path];
}

/** An action (`:generateContent`) makes it a `{model}:{action}` row's, else it is a plain `*`. */
function matchRest(rows: readonly RouteRow[], rest: string, method: string): Lookup {
  const colon = rest.lastIndexOf(':');
  const action = colon === -1 ? undefined : rest.slice(colon + 1);
  const withAction = rows.filter((row) => row.path.endsWith(`:${action}`));
  if (withAction.length > 0) return choose(withAction, method, { rest: rest.slice(0, colon), action });
  const plain = rows.filter((row) => row.path.endsWith('*'));
  if (plain.length === 0) return { kind: 'unknown' };
  const found = choose(plain, method, { rest, action: undefined });
  // An action that is not served is still asked for by a client of those that are.
  const actions = rows.find((row) => row.path.includes(':'));
  const isAction = found.kind === 'wrong-method' && method === 'POST' && action !== undefined && actions !== undefined;
  return isAction ? { ...found, errors: actions.errors } : found;
}

function choose(rows: readonly RouteRow[], method: string, rest: Pick<RouteMatch, 'rest' | 'action'>): Lookup {
  const row = rows.find((one) => (one.methods as readonly string[]).includes(method));
  if (row !== undefined) return { kind: 'found', match: { ...rest, route: row.route, errors: row.errors } };
  const allowed = [...new Set(rows.flatMap((one) => one.methods))];
  return { kind: 'wrong-method', allowed, errors: (rows[0] as RouteRow).errors };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
