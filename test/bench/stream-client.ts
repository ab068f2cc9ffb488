import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';

export interface StreamRequest {
  /** Of the whole page. */
  readonly url: string;
  readonly body: string;
  readonly agent: Agent;
}

/** What a client saw of one stream. Times in milliseconds. */
export interface StreamReport {
  readonly events: number;
  readonly firstMs: number;
  /** Between two pieces of the answer, the end included. */
  readonly longestGapMs: number;
  /** Why it is not whole; undefined when it is. */
  readonly failure: string | undefined;
}

/** Keeps its connections, as SDKs do. */
export function keepAliveAgent(): Agent {
  return new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 4_096 });
}

export function post({ url, body, agent }: StreamRequest): ClientRequest {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const sent = request(url, { method: 'POST', agent, headers });
  sent.end(body);
  return sent;
}

/** Reads a stream of chat completions to its end. Never rejects. */
export function readStream(asked: StreamRequest): Promise<StreamReport> {
  return new Promise((resolve) => {
    const sent = post(asked);
    const watch = new Watch();
    const end = (failure: string | undefined) => resolve(watch.report(failure));
    sent.on('error', (error) => end(error.message));
    sent.on('response', (response: IncomingMessage) => {
      if (response.statusCode !== 200) end(`status ${response.statusCode}`);
      response.on('data', (chunk: Buffer) => watch.take(chunk));
      response.on('error', (error) => end(error.message));
      response.on('end', () => end(watch.isWhole ? undefined : 'ended without [DONE]'));
    });
  });
}

class Watch {
  isWhole = false;
  readonly #started = performance.now();
  #firstMs = Number.POSITIVE_INFINITY;
  #last = 0;
  #longestGapMs = 0;
  #events = 0;
  #rest = '';

  take(chunk: Buffer): void {
    const now = performance.now();
    if (this.#last === 0) this.#firstMs = now - this.#started;
    else this.#longestGapMs = Math.max(this.#longestGapMs, now - this.#last);
    this.#last = now;
    const events = `${this.#rest}${chunk.toString('latin1')}`.split('\n\n');
    this.#rest = events.pop() ?? '';
    for (const event of events) {
      if (event.includes('"content":')) this.#events += 1;
      else if (event === 'data: [DONE]') this.isWhole = true;
    }
  }

  report(failure: string | undefined): StreamReport {
    return { events: this.#events, firstMs: this.#firstMs, longestGapMs: this.#longestGapMs, failure };
  }
}
