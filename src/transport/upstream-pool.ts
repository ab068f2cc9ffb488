import type { GatewayError } from '../core/errors.ts';
import type { Endpoint } from '../core/model.ts';
import type { Reach } from './address.ts';

/** Interim answers (1xx) that one request may get: a server needs one or two, and one that sends no other never ends. */
export const maxInterimAnswers = 100;

export interface UpstreamRequest {
  readonly endpoint: Endpoint;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Whole URL. */
  readonly url: URL | string;
  /** Flat list of names and values, credential included. */
  readonly headers: string[];
  readonly body: Buffer | undefined;
  /** How far its connection may go; `internet` when left out. Less never goes through a proxy. */
  readonly limit?: Reach | undefined;
}

/** Told in this order; exactly one of onEnd and onError comes last, and never before `send` has returned. */
export interface AnswerHandler {
  /**
   * The request goes out on a connection, to this distance; `internet` through a proxy, wherever that is. Comes again
   * when the request is repeated, and may come before `send` has returned.
   */
  onConnected?(reach: Reach): void;
  onHeaders(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): void;
  onData(chunk: Buffer): void;
  onEnd(): void;
  onError(error: GatewayError): void;
}

/** A request under way. `abort` closes its connection, so that the upstream stops generating. */
export interface Sending {
  abort(): void;
  pause(): void;
  resume(): void;
}

/** Connections to one origin, for one endpoint. */
export interface UpstreamPool {
  /** `path` is what follows the origin, query included. Throws nothing: every failure arrives at `handler.onError`. */
  send(request: UpstreamRequest, path: string, handler: AnswerHandler): Sending;
  /** Takes no more requests and lets those in flight end. */
  close(): Promise<void>;
  /** Cuts everything now. */
  destroy(): Promise<void>;
}
