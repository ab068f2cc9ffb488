import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Json = Readonly<Record<string, unknown>>;
type Headers = Readonly<Record<string, string>>;

/** One request as it arrived, refused ones included. */
export interface RecordedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: Buffer;
  /** Parsed JSON; undefined when there was none. */
  readonly body: Json | undefined;
  /** Resolves when the connection of this request is done: true when the client left before the end. */
  readonly aborted: Promise<boolean>;
}

/** What any connection can meet; `after` counts the events of a stream that are sent before. */
export type ConnectionFault =
  /** The connection breaks, without a stream in the middle of the body. */
  | { readonly kind: 'cut'; readonly after: number }
  /** An orderly end of the stream; an empty object when not streaming. */
  | { readonly kind: 'end'; readonly after: number }
  /** Silence, until the client leaves or the fake closes. */
  | { readonly kind: 'stall'; readonly after: number };

/** A fault of the connection, or one of the vendor's own, of which only `after` matters here. */
type Fault = { readonly kind: string; readonly after?: number } | undefined;

export interface Stream {
  readonly type: string;
  readonly pieces: readonly (string | Buffer)[];
  readonly fault: Fault;
  /** Follows the pieces, and stands in for those that a fault leaves out; never sent on a broken connection. */
  readonly last?: string | Buffer | undefined;
}

/** An error in the vendor's words. */
export interface Refusal {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Headers;
}

/** Refuses a request from within its checks; `code` is the vendor's name of the error. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** What sets a vendor apart. */
export interface Vendor<Answer> {
  /** Of the provider's base URL, after the origin. */
  readonly basePath: string;
  /** Sent with everything. */
  readonly headers?: Headers;
  /** `JSON.stringify` by default. */
  readonly stringify?: (body: unknown) => string;
  /** Refuses a caller by its headers. */
  admit(request: RecordedRequest): void;
  /** Checks and answers one request; `next` takes an answer off the queue, an empty one when there is none. */
  respond(request: RecordedRequest, reply: Reply, next: () => Partial<Answer>): void | Promise<void>;
  /** What `admit` or `respond` threw, in the vendor's words; undefined when it is no refusal but a mistake in the fake. */
  refusalOf(thrown: unknown, request: RecordedRequest): Refusal | undefined;
}

export interface VendorFake<Answer> {
  /** As a provider's base URL, so with the vendor's version prefix: `http://127.0.0.1:PORT/v1`. */
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  /** Of the requests that had one. */
  bodies(): readonly Json[];
  /** Queues the answer to one request; without one the default is given. Rules are checked either way. */
  answer(answer: Answer): void;
  close(): Promise<void>;
}

/** The answer to one request on its way out, with the faults that a connection can meet. */
export class Reply {
  readonly #response: ServerResponse;
  readonly #headers: Headers;
  readonly #stringify: (body: unknown) => string;

  constructor(
    response: ServerResponse,
    { headers = {}, stringify = JSON.stringify }: Pick<Vendor<never>, 'headers' | 'stringify'>,
  ) {
    this.#response = response;
    this.#headers = headers;
    this.#stringify = stringify;
  }

  json(status: number, body: unknown, headers: Headers = {}): void {
    const text = this.#stringify(body);
    this.#writeJsonHead(status, text, headers);
    this.#response.end(text);
  }

  /** A 200 that is not streamed. */
  async whole(body: unknown, fault: Fault): Promise<void> {
    switch (fault?.kind) {
      case 'stall':
        return;
      case 'cut':
        return this.#half(this.#stringify(body));
      case 'end':
        return this.json(200, {});
      default:
        return this.json(200, body);
    }
  }

  async stream({ type, pieces, fault, last = '' }: Stream): Promise<void> {
    this.#response.writeHead(200, { ...this.#headers, 'content-type': type });
    this.#response.flushHeaders();
    for (const piece of pieces.slice(0, fault?.after)) await this.#write(piece);
    if (fault?.kind === 'stall') return;
    if (fault?.kind === 'cut') this.#response.destroy();
    else this.#response.end(last);
  }

  async #half(text: string): Promise<void> {
    this.#writeJsonHead(200, text, {});
    await this.#write(text.slice(0, text.length / 2));
    this.#response.destroy();
  }

  #writeJsonHead(status: number, text: string, headers: Headers): void {
    const entity = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    this.#response.writeHead(status, { ...entity, ...this.#headers, ...headers });
  }

  /** Writes and waits until the bytes have left, so that a fault strikes after them. */
  #write(piece: string | Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#response.write(piece, () => resolve());
    });
  }
}

function parse(bytes: Buffer): Json | undefined {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

async function record(message: IncomingMessage, response: ServerResponse): Promise<RecordedRequest> {
  const aborted = once(response, 'close').then(() => !response.writableFinished);
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const { method = '', url: path = '', headers } = message;
  return { method, path, headers, bytes, body: parse(bytes), aborted };
}

/** A vendor's API on a loopback port of its own. Close it where it was started: that cuts what is still open. */
export async function startVendorServer<Answer>(vendor: Vendor<Answer>): Promise<VendorFake<Answer>> {
  const requests: RecordedRequest[] = [];
  const queue: Answer[] = [];
  const server = createServer(async (message, response) => {
    const request = await record(message, response);
    requests.push(request);
    const reply = new Reply(response, vendor);
    try {
      vendor.admit(request);
      await vendor.respond(request, reply, () => queue.shift() ?? {});
    } catch (thrown) {
      const refusal = vendor.refusalOf(thrown, request);
      if (refusal === undefined) throw thrown;
      reply.json(refusal.status, refusal.body, refusal.headers);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${vendor.basePath}`,
    requests,
    bodies: () => requests.flatMap(({ body }) => (body === undefined ? [] : [body])),
    answer: (answer) => void queue.push(answer),
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Text in pieces of a few characters, as a model writes it. */
export function pieces(text: string): readonly string[] {
  return text.match(/[\s\S]{1,7}/gu) ?? [];
}

/** An event of a stream whose JSON names its kind. */
export type TypedEvent = Json & { readonly type: string };

/** As a server-sent event, which says its type twice. */
export function eventText(event: TypedEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
