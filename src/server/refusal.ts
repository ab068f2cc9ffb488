import { STATUS_CODES } from 'node:http';
import { GatewayError } from '../core/errors.ts';
import type { ErrorRenderer } from '../protocols/protocol.ts';
import { type RenderedError, renderError } from './render-error.ts';
import { lateHead, maxHeadBytes, type RequestError } from './request-rules.ts';

/** The answer to what is not a request, after which the connection closes. */
export function refusal(
  problem: GatewayError,
  about: { readonly renderer: ErrorRenderer; readonly requestId: string },
): RenderedError {
  return renderError(problem, { ...about, attempts: [], headers: [] });
}

/** All that is written of it. Latin-1. */
export function refusalText({ status, headers, body }: RenderedError): string {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`];
  for (let at = 0; at + 1 < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`);
  lines.push(
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    Buffer.from(body).toString('latin1'),
  );
  return lines.join('\r\n');
}

/** In words for the client. */
export function problemOf(error: RequestError): GatewayError {
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    return new GatewayError('headers_too_large', `The request headers are larger than ${maxHeadBytes} bytes.`);
  }
  if (error.code === lateHead) {
    return new GatewayError('request_timeout', 'The request headers did not arrive in time.');
  }
  return new GatewayError('bad_request', `The request is not valid HTTP: ${error.message}.`);
}
