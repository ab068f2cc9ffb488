import type { IncomingHttpHeaders } from 'node:http';
import {
  type ChatFault,
  chunks,
  embeddings,
  type FakeAnswer,
  listing,
  textChunks,
  whole,
  wholeText,
} from './chat-answers.ts';
import { checkCompletion, checkEmbedding, checkRequest } from './chat-rules.ts';
import { RuleBroken } from './responses-checks.ts';
import {
  type Json,
  type RecordedRequest,
  type Refusal,
  type Reply,
  startVendorServer,
  type VendorFake,
} from './vendor-server.ts';

export type ChatFake = VendorFake<FakeAnswer>;

/** Who may ask, and where: what sets providers of this API apart. */
export interface ChatFront {
  /** Of the provider's base URL, after the origin. */
  readonly basePath: string;
  /** The operation that a path with its query leads to; undefined when it leads nowhere. */
  operationOf(path: string): string | undefined;
  /** What is wrong with the key; undefined when it will do. */
  refusalOf(headers: IncomingHttpHeaders): string | undefined;
  /** Chunks before the first of an answer. */
  readonly preamble: readonly Json[];
}

const openaiFront: ChatFront = {
  basePath: '/v1',
  operationOf: (path) => (path.startsWith('/v1/') ? path.slice('/v1'.length) : undefined),
  refusalOf: ({ authorization = '' }) =>
    /^Bearer \S+/.test(authorization) ? undefined : "You didn't provide an API key.",
  preamble: [],
};

function errorBody(message: string, type = 'invalid_request_error', extra: Json = {}): Json {
  return { error: { message, type, param: null, code: null, ...extra } };
}

function event(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

function sendStatus(reply: Reply, { status, message, headers }: Extract<ChatFault, { kind: 'status' }>): void {
  reply.json(status, errorBody(message), headers);
}

function lastOf(fault: ChatFault | undefined): string {
  if (fault === undefined) return 'data: [DONE]\n\n';
  return fault.kind === 'error-event' ? event(errorBody(fault.message, 'server_error')) : '';
}

function sendChunks(reply: Reply, { fault }: FakeAnswer, all: readonly Json[]): void | Promise<void> {
  if (fault?.kind === 'status') return sendStatus(reply, fault);
  const type = 'text/event-stream; charset=utf-8';
  return reply.stream({ type, pieces: all.map(event), fault, last: lastOf(fault) });
}

function sendWhole(reply: Reply, { fault }: FakeAnswer, json: Json): void | Promise<void> {
  if (fault?.kind === 'status') return sendStatus(reply, fault);
  if (fault?.kind === 'error-event') return reply.whole(errorBody(fault.message, 'server_error'), fault);
  return reply.whole(json, fault);
}

interface Work {
  readonly reply: Reply;
  readonly front: ChatFront;
  next(): FakeAnswer;
}

function respond({ method, path, body }: RecordedRequest, { reply, front, next }: Work): void | Promise<void> {
  switch (`${method} ${front.operationOf(path)}`) {
    case 'GET /models':
      return reply.json(200, listing());
    case 'POST /embeddings':
      checkEmbedding(body);
      return reply.json(200, embeddings(body));
    case 'POST /chat/completions': {
      checkRequest(body);
      const answer = next();
      return body.stream === true
        ? sendChunks(reply, answer, [...front.preamble, ...chunks(answer, body)])
        : sendWhole(reply, answer, whole(answer, body.model));
    }
    case 'POST /completions': {
      checkCompletion(body);
      const answer = next();
      return body.stream === true
        ? sendChunks(reply, answer, textChunks(answer, body))
        : sendWhole(reply, answer, wholeText(answer, body.model));
    }
    default:
      return reply.json(404, errorBody(`Invalid URL (${method} ${path})`));
  }
}

function refusalOf(thrown: unknown): Refusal | undefined {
  if (!(thrown instanceof RuleBroken)) return undefined;
  const { status, message, param, code } = thrown;
  return { status, body: errorBody(message, 'invalid_request_error', { param, code }) };
}

/**
 * A chat completions API that refuses what the real one refuses: a wrong field, form or order is a 400 in OpenAI's
 * envelope. Any key will do.
 */
export function startChatFake(front: ChatFront = openaiFront): Promise<ChatFake> {
  return startVendorServer<FakeAnswer>({
    basePath: front.basePath,
    admit({ headers }) {
      const refusal = front.refusalOf(headers);
      if (refusal !== undefined) throw new RuleBroken(refusal, { status: 401 });
    },
    respond: (request, reply, next) => respond(request, { reply, front, next }),
    refusalOf,
  });
}
