/*
 * What the matrix asks and hears, in no protocol's words: every client writes an `Ask` in its own, every upstream
 * answers an `Answer` in its own, and what the client hears is compared with what the upstream said.
 */

export type Json = Readonly<Record<string, unknown>>;

export interface Call {
  readonly id: string;
  readonly name: string;
  readonly input: Json;
}

export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly parameters: Json;
}

export type Turn =
  | { readonly role: 'system'; readonly text: string }
  | { readonly role: 'user'; readonly text: string; readonly image?: Image }
  /** What the client heard before, sent back the way its SDK would. */
  | { readonly role: 'assistant'; readonly heard: Heard }
  | { readonly role: 'tool'; readonly results: readonly Result[] };

export interface Image {
  readonly mediaType: string;
  readonly base64: string;
}

export interface Result {
  readonly call: Call;
  readonly text: string;
}

export interface Ask {
  readonly model: string;
  readonly stream: boolean;
  readonly turns: readonly Turn[];
  readonly tools?: readonly Tool[];
  /** The answer must be JSON of this form. */
  readonly schema?: Json;
  readonly reasoning?: boolean;
}

/** What an upstream says to one request. */
export interface Answer {
  readonly reasoning?: string;
  readonly text?: string;
  readonly calls?: readonly Call[];
  /** The answer ends where the limit of tokens cut it. */
  readonly isCut?: boolean;
  readonly failure?: Failure;
}

export type Failure =
  | { readonly kind: 'status'; readonly status: 400 | 429 | 500; readonly message: string }
  /** After the first words of content: the protocol's own error event, a broken connection, an orderly but early end. */
  | { readonly kind: 'error-event'; readonly message: string }
  | { readonly kind: 'cut' }
  | { readonly kind: 'early-end' }
  /** An orderly end of a stream that had begun, before its first content. */
  | { readonly kind: 'no-content' };

/** Seconds in `Retry-After` of a 429: more than the router waits, so that the client is told. */
export const retryAfterSeconds = 120;

export interface TokenCounts {
  readonly input: number;
  readonly output: number;
  readonly cached?: number | undefined;
  readonly reasoning?: number | undefined;
}

export type Finish = 'stop' | 'tool-calls' | 'length';

/** A whole answer as a client understands it. */
export interface Heard {
  readonly text: string;
  readonly reasoning: string;
  readonly calls: readonly Call[];
  readonly finish: Finish;
  readonly usage: TokenCounts | undefined;
  /** The answer in the client's own form, as its SDK would send it back. */
  readonly echo: readonly Json[];
}

/** A stream as a client understands it: `heard` when it ended well, `error` when it told of a failure. */
export interface HeardStream {
  readonly text: string;
  readonly heard?: Heard;
  readonly error?: string;
}

/** Throws with the rule that an answer breaks. */
export function rule(holds: boolean, text: string): asserts holds {
  if (!holds) throw new Error(`protocol rule broken: ${text}`);
}

export function only<T>(list: readonly T[] | undefined, what: string): T {
  rule(list?.length === 1, `exactly one ${what}, not ${list?.length}`);
  return list[0] as T;
}

export interface SseEvent {
  readonly name: string;
  readonly data: string;
}

/** Events of a stream, read as the WHATWG rules say. A stream must end on a blank line. */
export function sseEvents(text: string): readonly SseEvent[] {
  rule(text === '' || /\r?\n\r?\n$/.test(text), 'a stream ends after a whole event');
  return text
    .split(/\r?\n\r?\n/)
    .map((block) => block.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith(':')))
    .filter((lines) => lines.length > 0)
    .map((lines) => {
      const field = (name: string) =>
        lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trimStart());
      return { name: field('event').join(''), data: field('data').join('\n') };
    });
}

export function parse<T = Json>(text: string): T {
  return JSON.parse(text) as T;
}
