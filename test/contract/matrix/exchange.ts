import type { Client } from './client.ts';
import type { RunningUpstream, Upstream } from './upstream.ts';
import { type Answer, type Ask, type Heard, type HeardStream, type Json, parse, rule } from './vocabulary.ts';

/** One pair of the matrix, ready to talk. */
export interface Pair {
  readonly client: Client;
  readonly row: Upstream;
  readonly upstream: RunningUpstream;
  /** The router's address. */
  readonly url: string;
  readonly model: string;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function post({ url, client }: Pair, ask: Ask): Promise<Reply> {
  const { path, body } = client.request(ask);
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, text: await readAll(response) };
}

/** What came before the end, whether or not the connection broke there. */
async function readAll(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true });
  } catch {
    return text;
  }
  return text + decoder.decode();
}

/** A request that is answered well, streamed or not as it asks. */
export async function listen(pair: Pair, ask: Ask, answer: Answer): Promise<Heard> {
  pair.upstream.answer(answer);
  const reply = await post(pair, ask);
  rule(reply.status === 200, `200, not ${reply.status} ${reply.text}`);
  if (!ask.stream) return pair.client.readWhole(parse(reply.text));
  const { heard, error } = readStream(pair.client, reply);
  rule(heard !== undefined, `an answer, not the error: ${error}`);
  return heard;
}

/** A stream that breaks after it has begun. */
export async function listenToBreak(pair: Pair, ask: Ask, answer: Answer): Promise<HeardStream> {
  pair.upstream.answer(answer);
  const reply = await post(pair, ask);
  rule(reply.status === 200, `200, not ${reply.status} ${reply.text}`);
  return readStream(pair.client, reply);
}

function readStream(client: Client, { headers, text }: Reply): HeardStream {
  const type = headers.get('content-type') ?? '';
  rule(client.streamType.test(type), `a stream of type ${client.streamType}, not ${type}`);
  return client.readStream(text);
}

export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly retryAfter: string | null;
}

/** A request that fails before its first byte: `tries` answers like this one are had. */
export async function listenToRefusal(pair: Pair, ask: Ask, { answer, tries }: { answer: Answer; tries: number }) {
  const before = pair.upstream.bodies().length;
  for (let i = 0; i < tries; i++) pair.upstream.answer(answer);
  const { status, headers, text } = await post(pair, ask);
  const tried = pair.upstream.bodies().length - before;
  rule(tried === tries, `${tries} requests to the upstream, not ${tried}`);
  const type = headers.get('content-type') ?? '';
  rule(type.startsWith('application/json'), `an error is JSON, not ${type}`);
  const refusal: Refusal = {
    status,
    message: pair.client.readError(parse(text), status),
    retryAfter: headers.get('retry-after'),
  };
  return refusal;
}

/** What the upstream was last asked. */
export function lastBody({ upstream }: Pair): Json {
  const body = upstream.bodies().at(-1);
  rule(body !== undefined, 'the upstream was asked');
  return body;
}
