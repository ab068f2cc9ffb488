// A server of endless patience: streams chat completions, an event each so many milliseconds to every connection.
// Run as a process of its own, `node paced-upstream.ts INTERVAL_MS`, with a channel to its parent: says its port once it
// listens, and answers every message with the number of events sent so far.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { model, modelsAnswer } from './bodies.ts';
import type { PacedMessage } from './paced.ts';

interface Stream {
  readonly response: ServerResponse;
  readonly wantsUsage: boolean;
  eventsLeft: number;
}

/** Each stream has its place on the wheel, so that they do not all come due at one moment. */
class Wheel {
  sent = 0;
  readonly #slots: readonly Set<Stream>[];
  #next = 0;
  #turned = performance.now();

  constructor(intervalMs: number) {
    this.#slots = Array.from({ length: intervalMs }, () => new Set());
  }

  /** Sends the first event with the head. */
  add(stream: Stream): void {
    this.#next = (this.#next + 1) % this.#slots.length;
    const slot = this.#slots[this.#next];
    slot?.add(stream);
    stream.response.on('close', () => slot?.delete(stream));
    this.#send(stream);
  }

  /** Serves what came due, at most one event each: a turn that came too late must not send two at once. */
  turn(): void {
    const now = Math.floor(performance.now());
    const due = Math.min(now - Math.floor(this.#turned), this.#slots.length);
    this.#turned = now;
    for (let slot = now - due + 1; slot <= now; slot += 1) {
      for (const stream of this.#slots[slot % this.#slots.length] ?? []) this.#send(stream);
    }
  }

  #send(stream: Stream): void {
    if (stream.eventsLeft === 0) return void stream.response.end(ending(stream.wantsUsage));
    stream.eventsLeft -= 1;
    this.sent += 1;
    stream.response.write(contentEvent);
  }
}

const chunk = { id: 'chatcmpl-5Yq0Jm1vXbN3', object: 'chat.completion.chunk', created: 1_760_000_000, model };
const contentEvent = event({ ...chunk, choices: [{ index: 0, delta: { content: ' token' }, finish_reason: null }] });
const finishEvent = event({ ...chunk, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
const usage = { prompt_tokens: 42, completion_tokens: 10, total_tokens: 52 };
const usageEvent = event({ ...chunk, choices: [], usage });

function event(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

function ending(wantsUsage: boolean): string {
  return `${finishEvent}${wantsUsage ? usageEvent : ''}data: [DONE]\n\n`;
}

interface AskedStream {
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
  readonly stream_options?: { readonly include_usage?: boolean };
}

async function answer(wheel: Wheel, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = '';
  for await (const part of request) text += String(part);
  if (request.method !== 'POST') {
    response.writeHead(200, { 'content-type': 'application/json' }).end(modelsAnswer);
    return;
  }
  const asked = JSON.parse(text) as AskedStream;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const eventsLeft = asked.max_completion_tokens ?? asked.max_tokens ?? 1;
  wheel.add({ response, eventsLeft, wantsUsage: asked.stream_options?.include_usage === true });
}

function main(intervalMs: number): void {
  const wheel = new Wheel(intervalMs);
  const tell = (message: PacedMessage) => process.send?.(message);
  // A proxy that ends a connection takes its stream along, which is how every measurement ends.
  const server = createServer((request, response) => void answer(wheel, request, response).catch(() => undefined));
  server.keepAliveTimeout = 600_000;
  server.listen({ host: '127.0.0.1', port: 0, backlog: 4_096 }, () => {
    const address = server.address();
    if (address !== null && typeof address === 'object') tell({ port: address.port, events: 0 });
  });
  setInterval(() => wheel.turn(), 1);
  process.on('message', () => tell({ port: 0, events: wheel.sent }));
  process.on('disconnect', () => process.exit());
}

main(Number(process.argv[2]));
