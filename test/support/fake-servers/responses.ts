import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Json, RuleBroken } from './responses-checks.ts';
import { type FakeAnswer, failedResponse, finished, streamEvents } from './responses-events.ts';
import { checkRequest, models } from './responses-rules.ts';

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Parsed JSON; undefined when there was none. */
  readonly body: Json | undefined;
  /** Resolves when the connection of this request is done: true when the client left before the end. */
  readonly aborted: Promise<boolean>;
}

export interface ResponsesFake {
  /** With the version prefix, as a provider's base URL: `http://127.0.0.1:PORT/v1`. */
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  /** Queues the answer to one request; without one the default is given. Rules are checked either way. */
  answer(answer: FakeAnswer): void;
  close(): Promise<void>;
}

const requestId = { 'x-request-id': 'req_fake' };

function errorBody(error: { readonly message: string; readonly code?: string | null; readonly param?: string | null }) {
  return {
    error: {
      message: error.message,
      type: 'invalid_request_error',
      param: error.param ?? null,
      code: error.code ?? null,
    },
  };
}

function sendJson(response: ServerResponse, status: number, body: unknown, headers: Json = {}): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': bytes.length,
    ...requestId,
    ...headers,
  });
  response.end(bytes);
}

/** Writes and waits until the bytes have left, so that a fault strikes after them. */
function write(response: ServerResponse, text: string): Promise<void> {
  return new Promise((resolve) => {
    response.write(text, () => resolve());
  });
}

async function sendStream(response: ServerResponse, answer: FakeAnswer, body: Json): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', ...requestId });
  response.flushHeaders();
  for (const event of streamEvents(answer, body))
    await write(response, `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  if (answer.fault?.kind === 'stall') return;
  if (answer.fault?.kind === 'cut') response.destroy();
  else response.end();
}

async function sendWhole(response: ServerResponse, answer: FakeAnswer, body: Json): Promise<void> {
  const { fault } = answer;
  if (fault?.kind === 'stall') return;
  if (fault?.kind === 'failed' || fault?.kind === 'error-event')
    return sendJson(response, 200, failedResponse(fault, body));
  const whole = finished(answer, body);
  if (fault?.kind !== 'cut') return sendJson(response, 200, whole);
  const text = JSON.stringify(whole);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  await write(response, text.slice(0, text.length / 2));
  response.destroy();
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): Json | undefined {
  return text === '' ? undefined : JSON.parse(text);
}

/** Starts the fake on a free loopback port. Any key will do, as long as there is one. */
export async function startResponsesFake(): Promise<ResponsesFake> {
  const requests: RecordedRequest[] = [];
  const answers: FakeAnswer[] = [];
  const server = createServer((request, response) => {
    const aborted = once(response, 'close').then(() => !response.writableFinished);
    void serve(request, response, aborted);
  });

  async function serve(request: IncomingMessage, response: ServerResponse, aborted: Promise<boolean>): Promise<void> {
    const body = parse(await readBody(request));
    const { method = '', url: path = '', headers } = request;
    requests.push({ method, path, headers, body, aborted });
    if (!/^Bearer \S+/.test(headers.authorization ?? '')) {
      const message = "You didn't provide an API key.";
      return sendJson(response, 401, errorBody({ message, code: 'invalid_api_key' }));
    }
    if (method === 'GET' && path === '/v1/models') {
      const data = [...models.keys()].map((id) => ({
        id,
        object: 'model',
        created: 1_763_600_000,
        owned_by: 'openai',
      }));
      return sendJson(response, 200, { object: 'list', data });
    }
    if (method !== 'POST' || path !== '/v1/responses')
      return sendJson(response, 404, errorBody({ message: `Invalid URL (${method} ${path})` }));
    await answerPost(response, body);
  }

  async function answerPost(response: ServerResponse, body: unknown): Promise<void> {
    const answer = answers.shift() ?? {};
    const { fault } = answer;
    try {
      checkRequest(body);
    } catch (thrown) {
      if (!(thrown instanceof RuleBroken)) throw thrown;
      return sendJson(response, thrown.status, errorBody(thrown));
    }
    if (fault?.kind === 'status') return sendJson(response, fault.status, errorBody(fault), fault.headers);
    if (body.stream === true) await sendStream(response, answer, body);
    else await sendWhole(response, answer, body);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    answer: (answer) => void answers.push(answer),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
