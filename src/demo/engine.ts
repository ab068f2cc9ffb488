import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ProviderConfig } from '../config/schema.ts';
import type { Clock } from '../core/clock.ts';
import { asArray, isObject } from '../protocols/fields.ts';
import type { JsonObject } from '../protocols/protocol.ts';
import { type FaultScript, readScript } from './script.ts';

/**
 * A model server inside the process, so that the first run answers on any machine and failover can be rehearsed. It
 * has a listener of its own on loopback: what it breaks are real sockets.
 */
export interface DemoEngine {
  /** As the configuration file would describe it. */
  readonly provider: ProviderConfig;
  close(): void;
}

const models = ['echo', 'fail'] as const;

export async function startDemoEngine(clock: Clock): Promise<DemoEngine> {
  const server: Server = createServer((request, response) => {
    // A client that leaves within a request gets no answer, and must not take the process along.
    serve(clock, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  server.unref();
  const { port } = server.address() as AddressInfo;
  return {
    provider: {
      api_base: `http://127.0.0.1:${port}/v1`,
      active: true,
      models: models.map((id) => ({ id, type: 'chat' as const, context: 32_768 })),
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function serve(clock: Clock, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (request.method === 'GET') {
    return json(response, 200, {
      object: 'list',
      data: models.map((id) => ({ id, object: 'model', owned_by: 'demo' })),
    });
  }
  if (!request.url?.endsWith('/chat/completions'))
    return json(response, 404, errorBody(`there is no ${request.url} here`));
  const body = parse(Buffer.concat(chunks));
  if (body === undefined) return json(response, 400, errorBody('the body is not a JSON object'));
  const text = lastText(body);
  if (body.model === 'fail') return fail({ clock, response, body, text }, readScript(body, text));
  answer({ clock, response, body, text }, undefined);
}

function parse(bytes: Buffer): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

interface Turn {
  readonly clock: Clock;
  readonly response: ServerResponse;
  readonly body: JsonObject;
  readonly text: string;
}

function fail(turn: Turn, script: FaultScript): void {
  if (script.silence) return;
  const act = () => {
    if (script.status === undefined || script.status < 400) return answer(turn, script.cutAfter);
    const headers = script.retryAfter === undefined ? {} : { 'retry-after': String(script.retryAfter) };
    json(turn.response, script.status, errorBody(`a rehearsed ${script.status}`), headers);
  };
  if (script.delayMs === 0) return act();
  const timer = turn.clock.setTimer(script.delayMs, act);
  turn.response.once('close', () => timer.cancel());
}

/** Says what was said, a word at a time; `cutAfter` chunks and the connection is gone. */
function answer(turn: Turn, cutAfter: number | undefined): void {
  const { response, body, text } = turn;
  const content = text === '' ? 'Hello! I am the demo model: I repeat what you say.' : text;
  const words = content.match(/\S+\s*|\s+/g) ?? [content];
  const usage = usageOf(body, words.length);
  const head = { id: 'chatcmpl-demo', created: Math.floor(turn.clock.now() / 1_000), model: String(body.model) };
  if (body.stream !== true) {
    if (cutAfter !== undefined) return void response.destroy();
    const message = { role: 'assistant', content };
    return json(response, 200, {
      ...head,
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: 'stop' }],
      usage,
    });
  }
  const chunk = (choices: readonly unknown[], more: object = {}) =>
    `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices, ...more })}\n\n`;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(chunk([{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }]));
  for (const word of words.slice(0, cutAfter)) {
    response.write(chunk([{ index: 0, delta: { content: word }, finish_reason: null }]));
  }
  // Cut only once what was written is on its way, or the reset overtakes it.
  if (cutAfter !== undefined) return void response.write(': cut\n\n', () => response.destroy());
  response.write(chunk([{ index: 0, delta: {}, finish_reason: 'stop' }]));
  const wantsUsage = isObject(body.stream_options) && body.stream_options.include_usage === true;
  response.end(`${wantsUsage ? chunk([], { usage }) : ''}data: [DONE]\n\n`);
}

/** Words stand in for tokens: a demo needs numbers that add up, not a tokenizer. */
function usageOf(body: JsonObject, completion: number): JsonObject {
  const prompt = asArray(body.messages).reduce<number>((sum, message) => sum + textOf(message).split(/\s+/).length, 0);
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

function lastText(body: JsonObject): string {
  const last = asArray(body.messages).findLast((message) => isObject(message) && message.role === 'user');
  return textOf(last);
}

function textOf(message: unknown): string {
  if (!isObject(message)) return '';
  if (typeof message.content === 'string') return message.content;
  return asArray(message.content)
    .map((part) => (isObject(part) && typeof part.text === 'string' ? part.text : ''))
    .join(' ');
}

function errorBody(message: string): JsonObject {
  return { error: { message, type: 'demo_error', code: null, param: null } };
}

function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
