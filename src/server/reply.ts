import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '../core/clock.ts';
import type { Reply } from '../gateway/exchange.ts';

export interface ReplyOptions {
  readonly clock: Clock;
  /** Longest time the client may stop reading. Milliseconds. */
  readonly writeTimeoutMs: () => number;
  /** Draining: connections are not kept. */
  readonly isClosing: () => boolean;
}

/** Bodies up to here are worth the copy. Bytes. */
const oneWriteBytes = 16 * 1024;

/** Node's response as the pipeline wants it. Writing to a client that has left does nothing. */
export class NodeReply implements Reply {
  readonly #response: ServerResponse;
  readonly #options: ReplyOptions;
  #stalled: Timer | undefined;

  constructor(response: ServerResponse, options: ReplyOptions) {
    this.#response = response;
    this.#options = options;
  }

  get isStarted(): boolean {
    return this.#response.headersSent;
  }

  start(status: number, headers: readonly string[]): void {
    this.#head(status, headers as string[]);
  }

  write(chunk: Buffer | string): boolean {
    if (this.#response.destroyed || this.#response.writableEnded) return true;
    return this.#response.write(chunk);
  }

  onDrain(listener: () => void): void {
    this.#watchReading();
    this.#response.once('drain', () => {
      this.#stalled?.cancel();
      this.#stalled = undefined;
      listener();
    });
  }

  end(chunk?: Buffer | string): void {
    this.#stalled?.cancel();
    if (this.#response.destroyed) return;
    if (chunk === undefined) this.#response.end();
    else this.#response.end(chunk);
    this.#watchRest();
  }

  abort(): void {
    this.#stalled?.cancel();
    this.#response.destroy();
  }

  send(status: number, headers: readonly string[], body: Buffer | string): void {
    if (this.#response.destroyed) return;
    const size = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    this.#head(status, [...headers, 'content-length', String(size)]);
    // As text of the head's own encoding, head and body are one write; as bytes they would be gathered from two.
    if (typeof body !== 'string' && size <= oneWriteBytes) this.#response.end(body.toString('latin1'), 'latin1');
    else this.#response.end(body);
    this.#watchRest();
  }

  #watchReading(): void {
    this.#stalled ??= this.#options.clock.setTimer(this.#options.writeTimeoutMs(), () => this.abort());
  }

  /** What the client has not taken at the end waits in memory for it, but not for ever. */
  #watchRest(): void {
    if (this.#response.writableLength === 0) return;
    this.#stalled = undefined;
    this.#watchReading();
    this.#response.once('close', () => this.#stalled?.cancel());
  }

  #head(status: number, headers: string[]): void {
    if (this.#response.destroyed || this.#response.headersSent) return;
    if (this.#options.isClosing()) headers = [...headers, 'connection', 'close'];
    this.#response.writeHead(status, headers);
  }
}
