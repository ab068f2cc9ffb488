import { GatewayError } from '../core/errors.ts';
import type { ErrorRenderer } from '../protocols/protocol.ts';
import type { MessageError } from '../transport/http1/message-error.ts';
import { maxHeadBytes } from '../transport/http1/message-reader.ts';
import { answerHead } from './http1/answer-head.ts';
import { lateHead } from './http1/connection.ts';
import { renderError } from './render-error.ts';

/** The whole answer to what is no request, after which the connection closes. Latin-1. */
export function refusal(
  error: MessageError,
  about: { readonly renderer: ErrorRenderer; readonly requestId: string },
): string {
  const { status, headers, body } = renderError(problemOf(error), {
    ...about,
    attempts: [],
    headers: [],
  });
  const { text } = answerHead(status, [...headers, 'content-length', String(Buffer.byteLength(body))]);
  return `${text}\r\nconnection: close\r\n\r\n${Buffer.from(body).toString('latin1')}`;
}

function problemOf(error: MessageError): GatewayError {
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    return new GatewayError('headers_too_large', `The request headers are larger than ${maxHeadBytes} bytes.`);
  }
  if (error.code === lateHead) {
    return new GatewayError('request_timeout', 'The request headers did not arrive in time.');
  }
  return new GatewayError('bad_request', `The request is not valid HTTP: ${error.message}.`);
}
