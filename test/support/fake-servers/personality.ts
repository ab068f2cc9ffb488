import type { Script } from './script.ts';

/** A model as a test describes it; each personality shows of it what its server would. */
export interface FakeModel {
  readonly id: string;
  readonly type?: 'chat' | 'embedding' | undefined;
  /** Tokens as loaded. */
  readonly context?: number | undefined;
  readonly contextMax?: number | undefined;
  readonly isLoaded?: boolean | undefined;
  readonly sizeBytes?: number | undefined;
  /** The server's own words: `tools`, `vision`, `thinking`, `tool_use`, … */
  readonly capabilities?: readonly string[] | undefined;
  readonly aliases?: readonly string[] | undefined;
  /** Ollama: runs in its cloud. */
  readonly remoteHost?: string | undefined;
  readonly ownedBy?: string | undefined;
}

/** What a generating answer says, whatever the protocol. */
export interface FakeAnswer {
  /** Cut into pieces at spaces for streams. Holds characters of two and four bytes by default. */
  readonly text: string;
  readonly reasoning?: string | undefined;
  readonly toolArguments: Readonly<Record<string, unknown>>;
  readonly finishReason: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

export const defaultAnswer: FakeAnswer = {
  text: 'Grüße from the fake 👋 upstream, twice over.',
  toolArguments: { city: 'Zürich' },
  finishReason: 'stop',
  promptTokens: 11,
  completionTokens: 7,
};

/** One request as it arrived. */
export interface FakeRequest {
  /** Position in the fake's `requests`. */
  readonly index: number;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Name, value, name, value, … in the case and order of the wire. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  /** Number of the connection, and of the request on it, from 0. */
  readonly connection: number;
  readonly onConnection: number;
  /** True once the peer has left before the answer was complete. */
  readonly aborted: boolean;
  /** How it ended: answered in full, left by the peer, or broken off by a fault. */
  readonly closed: Promise<'finished' | 'aborted' | 'broken'>;
}

/** The state that personalities read. Tests change it through the fake. */
export interface FakeState {
  readonly port: number;
  readonly models: readonly FakeModel[];
  readonly answer: FakeAnswer;
  readonly slots: number;
  readonly apiKey: string | undefined;
  readonly version: string;
  /** True while the model loads. */
  readonly isLoading: boolean;
  /** Personality's own switches, such as `{ routerMode: true }`. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** One kind of server or hosted protocol. A file each; `startFake({ kind: personality })` takes any. */
export interface Personality {
  readonly kind: string;
  /** Sent with every answer. */
  readonly headers: Readonly<Record<string, string>>;
  answer(request: FakeRequest, state: FakeState): Script;
  /** What follows the last good event when the server fails within a stream, the server's own end included. */
  brokenTail(message: string): readonly string[];
  /** True when nothing listens while the model loads. */
  readonly refusesWhileLoading?: boolean;
}

/** The parsed body; undefined when it is not a JSON object. */
export function jsonBody(request: FakeRequest): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(request.body.toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

export function pathOf(request: FakeRequest): string {
  return request.path.split('?')[0] ?? '';
}

/** `GET /v1/models`, for a table of routes. */
export function routeOf(request: FakeRequest): string {
  return `${request.method} ${pathOf(request)}`;
}

/** The key that was sent, as Bearer or in one of the key headers. */
export function sentKey(request: FakeRequest): string | undefined {
  const { authorization } = request.headers;
  const named = request.headers['x-api-key'] ?? request.headers['x-goog-api-key'] ?? request.headers['api-key'];
  if (typeof authorization === 'string') return authorization.replace(/^Bearer /i, '');
  return typeof named === 'string' ? named : undefined;
}

export function lacksKey(request: FakeRequest, state: FakeState): boolean {
  return state.apiKey !== undefined && sentKey(request) !== state.apiKey;
}
