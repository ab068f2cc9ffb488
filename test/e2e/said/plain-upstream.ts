import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  readonly path: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every protocol
  readonly body: any;
}

export interface PlainUpstream extends AsyncDisposable {
  readonly origin: string;
  readonly seen: SeenRequest[];
}

/** Answers every POST with what `answer` makes of it, a text with server-sent events or an object; keeps what it was asked. */
export async function startPlain(answer: (request: SeenRequest) => string | object): Promise<PlainUpstream> {
  const seen: SeenRequest[] = [];
  const server = createServer(async (message, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    if (message.method !== 'POST') return response.writeHead(404).end();
    const request = { path: message.url ?? '', body: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
    seen.push(request);
    const body = answer(request);
    const isStream = typeof body === 'string';
    response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' });
    response.end(isStream ? body : JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A chat completion, whole or as a stream of the deltas given. */
export function chatAnswer(
  { body }: SeenRequest,
  message: Record<string, unknown>,
  deltas: readonly object[],
): string | object {
  const finish = 'tool_calls' in message ? 'tool_calls' : 'stop';
  const base = { id: 'chatcmpl-1', created: 1, model: 'small' };
  if (body.stream !== true) {
    const choice = { index: 0, finish_reason: finish, message: { role: 'assistant', content: null, ...message } };
    return { ...base, object: 'chat.completion', choices: [choice] };
  }
  const event = (delta: object, reason: string | null) => {
    const choices = [{ index: 0, delta, finish_reason: reason }];
    return `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices })}\n\n`;
  };
  return `${deltas.map((delta) => event(delta, null)).join('')}${event({}, finish)}data: [DONE]\n\n`;
}

export function chatProvider(name: string, origin: string): string {
  return `${name}: { api_base: ${origin}/v1, api_key: k, models: [small], api_protocol: { '*': [chat_completions] } }`;
}
