import type { IncomingHttpHeaders } from 'node:http';

/** What came back for one question. A status alone never identifies anybody. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body when it is JSON, whatever its content type says; undefined else. */
  readonly json: unknown;
}

/**
 * Why no answer came. refused: nothing listens there, or there is no such address; silent: connected, then nothing in
 * time; foreign: what answered does not speak HTTP or broke off.
 */
export type Failure = 'refused' | 'silent' | 'foreign';

/**
 * Models that are taken from one listing: no server has as many, and each is looked at on every change. What a listing
 * holds more is told, not used.
 */
export const maxModels = 10_000;

/** Says so when a listing is longer than that. */
export function tooManyModels(count: number): string | undefined {
  return count > maxModels ? `lists ${count} models, of which the first ${maxModels} are used` : undefined;
}

/** Asks one question of the server that is being probed; each path goes over the wire once. */
export type Ask = (path: string) => Promise<Answer | undefined>;

export function header(answer: Answer, name: string): string {
  const value = answer.headers[name];
  return typeof value === 'string' ? value : '';
}

/** On every answer of a router, this one or another. */
export function isRouterAnswer({ headers }: Answer): boolean {
  return headers['x-router-request-id'] !== undefined;
}

/** Text as JSON, or undefined: most of what stands on a port is HTML. */
export function parseJson(text: string): unknown {
  const first = text.trimStart()[0];
  if (first === undefined || !'{["'.includes(first)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The entries of an OpenAI listing; undefined when it is not a listing. An Ollama without models says null. */
export function listingOf(answer: Answer | undefined): readonly Readonly<Record<string, unknown>>[] | undefined {
  if (answer?.status !== 200 || typeof answer.json !== 'object' || answer.json === null) return undefined;
  const { object, data } = answer.json as { readonly object?: unknown; readonly data?: unknown };
  if (object !== 'list') return undefined;
  if (data === null) return [];
  return Array.isArray(data) ? data.filter(hasId) : undefined;
}

function hasId(entry: unknown): entry is Readonly<Record<string, unknown>> {
  return typeof (entry as { readonly id?: unknown } | null)?.id === 'string';
}
