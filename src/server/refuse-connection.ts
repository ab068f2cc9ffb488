import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { ErrorRenderer } from '../protocols/protocol.ts';
import { renderError } from './render-error.ts';

export interface RefusalOptions {
  readonly clock: Clock;
  /** Nobody knows yet which protocol is spoken. */
  readonly renderer: ErrorRenderer;
  /** Bytes that a head may have. */
  readonly maxHeaderBytes: number;
}

/** How long the other side may take to read the answer. Milliseconds. */
const lingerMs = 1_000;

/** Answers what is not HTTP, or not in time, before a request exists. `error` is of Node's parser. */
export function refuseConnection(error: NodeJS.ErrnoException, socket: Socket, options: RefusalOptions): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  const problem = parserError(error, options.maxHeaderBytes);
  const { body } = renderError(problem, {
    renderer: options.renderer,
    requestId: randomUUID(),
    attempts: [],
    headers: [],
  });
  socket.end(
    `HTTP/1.1 ${problem.status} ${reasonPhrase(problem.status)}\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
  const timer = options.clock.setTimer(lingerMs, () => socket.destroy());
  socket.once('close', () => timer.cancel());
}

function parserError(error: NodeJS.ErrnoException, limit: number): GatewayError {
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    return new GatewayError('headers_too_large', `The request headers are larger than ${limit} bytes.`);
  }
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new GatewayError('request_timeout', 'The request headers did not arrive in time.');
  }
  return new GatewayError('bad_request', 'The request is not valid HTTP.', { detail: error.message });
}

function reasonPhrase(status: number): string {
  return status === 431 ? 'Request Header Fields Too Large' : status === 408 ? 'Request Timeout' : 'Bad Request';
}
