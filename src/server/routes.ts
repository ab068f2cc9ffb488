import type { ErrorRenderer, InboundFormat } from '../protocols/protocol.ts';
import type { PageHandler } from './pages.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'DELETE';

/** What a path leads to. */
export type Route =
  | { readonly kind: 'inference'; readonly inbound: InboundFormat; readonly takesAnyType: boolean }
  | { readonly kind: 'page'; readonly page: PageHandler; readonly access: PageAccess };

/** open: for anybody who passes the origin rules; key: like inference; admin: the admin token. */
export type PageAccess = 'open' | 'key' | 'admin';

export interface RouteRow {
  /** `/v1/models/*` takes ids with slashes; `{model}:{action}` splits at the last colon. */
  readonly path: string;
  readonly methods: readonly Method[];
  readonly route: Route;
}

export interface RouteMatch {
  readonly route: Route;
  /** What a `*` stood for, decoded. */
  readonly rest: string | undefined;
  /** After the last colon of a `{model}:{action}` path. */
  readonly action: string | undefined;
}

export type Lookup =
  | { readonly kind: 'found'; readonly match: RouteMatch }
  | { readonly kind: 'wrong-method'; readonly allowed: readonly Method[] }
  | { readonly kind: 'unknown' };

/** Whose envelope an error under these paths has, also where nothing is served. */
export interface ErrorDialect {
  readonly paths: RegExp;
  readonly renderer: ErrorRenderer;
}

/** Paths to routes. OpenAI's paths are found with and without `/v1`. */
export class RouteTable {
  readonly #exact = new Map<string, RouteRow[]>();
  readonly #prefixes: { readonly prefix: string; readonly row: RouteRow }[] = [];

  constructor(rows: readonly RouteRow[]) {
    for (const row of rows) {
      for (const path of spellings(row.path)) this.#add(path, row);
    }
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
  return plain.length === 0 ? { kind: 'unknown' } : choose(plain, method, { rest, action: undefined });
}

function choose(rows: readonly RouteRow[], method: string, rest: Omit<RouteMatch, 'route'>): Lookup {
  const row = rows.find((one) => (one.methods as readonly string[]).includes(method));
  if (row !== undefined) return { kind: 'found', match: { route: row.route, rest: rest.rest, action: rest.action } };
  return { kind: 'wrong-method', allowed: [...new Set(rows.flatMap((one) => one.methods))] };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
