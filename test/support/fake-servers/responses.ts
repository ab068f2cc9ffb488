import { RuleBroken } from './responses-checks.ts';
import { type FakeAnswer, failedResponse, faultEvent, finished, streamEvents } from './responses-events.ts';
import { checkRequest, models } from './responses-rules.ts';
import {
  eventText,
  type Json,
  type RecordedRequest,
  type Refusal,
  type Reply,
  startVendorServer,
  type VendorFake,
} from './vendor-server.ts';

export type ResponsesFake = VendorFake<FakeAnswer>;

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

function sendStream(reply: Reply, answer: FakeAnswer, body: Json): Promise<void> {
  const { fault } = answer;
  const broken = faultEvent(fault, body);
  return reply.stream({
    type: 'text/event-stream; charset=utf-8',
    pieces: streamEvents(answer, body).map(eventText),
    fault,
    last: broken && eventText(broken),
  });
}

function sendWhole(reply: Reply, answer: FakeAnswer, body: Json): Promise<void> {
  const { fault } = answer;
  const hasFailed = fault?.kind === 'failed' || fault?.kind === 'error-event';
  return reply.whole(hasFailed ? failedResponse(fault, body) : finished(answer, body), fault);
}

function listing(): Json {
  const data = [...models.keys()].map((id) => ({ id, object: 'model', created: 1_763_600_000, owned_by: 'openai' }));
  return { object: 'list', data };
}

function checkKey({ headers: { authorization = '' } }: RecordedRequest): void {
  if (/^Bearer \S+/.test(authorization)) return;
  throw new RuleBroken("You didn't provide an API key.", { status: 401, code: 'invalid_api_key' });
}

function respond({ method, path, body }: RecordedRequest, reply: Reply, next: () => FakeAnswer): void | Promise<void> {
  if (method === 'GET' && path === '/v1/models') return reply.json(200, listing());
  if (method !== 'POST' || path !== '/v1/responses') {
    return reply.json(404, errorBody({ message: `Invalid URL (${method} ${path})` }));
  }
  // A refused request uses up its answer as well.
  const answer = next();
  checkRequest(body);
  const { fault } = answer;
  if (fault?.kind === 'status') return reply.json(fault.status, errorBody(fault), fault.headers);
  return body.stream === true ? sendStream(reply, answer, body) : sendWhole(reply, answer, body);
}

function refusalOf(thrown: unknown): Refusal | undefined {
  return thrown instanceof RuleBroken ? { status: thrown.status, body: errorBody(thrown) } : undefined;
}

/** A Responses API that refuses what the real one refuses. Any key will do, as long as there is one. */
export function startResponsesFake(): Promise<ResponsesFake> {
  return startVendorServer<FakeAnswer>({
    basePath: '/v1',
    headers: { 'x-request-id': 'req_fake' },
    admit: checkKey,
    respond,
    refusalOf,
  });
}
