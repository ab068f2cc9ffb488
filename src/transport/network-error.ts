import { GatewayError } from '../core/errors.ts';
import type { Endpoint } from '../core/model.ts';

/** Codes of Node and undici that say the connection itself did not come about. */
const connectCodes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection',
  ENOTFOUND: 'has a host name that does not resolve',
  EAI_AGAIN: 'has a host name that does not resolve at the moment',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
  EADDRNOTAVAIL: 'cannot be reached',
  ETIMEDOUT: 'did not accept the connection in time',
  UND_ERR_CONNECT_TIMEOUT: 'did not accept the connection in time',
  ECONNABORTED: 'closed the connection before answering',
  ECONNRESET: 'closed the connection before answering',
  EPIPE: 'closed the connection before answering',
  UND_ERR_SOCKET: 'closed the connection before answering',
  UND_ERR_PRX_TLS: 'could not be reached through the proxy',
};

/** undici's for an answer that was not well-formed to its end; the second is for trailers without one. */
const framingCodes: ReadonlySet<string> = new Set(['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'UND_ERR_HEADERS_OVERFLOW']);

function codeOf(error: unknown): string {
  if (error instanceof AggregateError) {
    // A name with several addresses: the error itself is silent, its parts tell.
    const codes = error.errors.map(codeOf).filter((code) => code !== '');
    return codes[0] ?? '';
  }
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  if (typeof code === 'string' && code !== 'UND_ERR_SOCKET') return code;
  // undici means to set HPE_… codes on these and leaves them undefined.
  if ((error as { readonly name?: unknown } | undefined)?.name === 'HTTPParserError') return 'HPE_INVALID';
  const cause = (error as { readonly cause?: unknown } | undefined)?.cause;
  const inner = cause === undefined ? '' : codeOf(cause);
  return inner !== '' ? inner : typeof code === 'string' ? code : '';
}

/** True when the peer closed a connection; on a reused socket that may just be its keep-alive running out. */
export function isReset(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ECONNRESET' || code === 'ECONNABORTED' || code === 'EPIPE' || code === 'UND_ERR_SOCKET';
}

/** True when nothing listens there, or the way there is gone; a crowded server may only have no room in time. */
export function isGone({ cause }: GatewayError): boolean {
  const code = codeOf(cause);
  return code === 'ECONNREFUSED' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH';
}

/**
 * undici's errors for an answer that it did not expect have the code of a closed connection, or that of a defect: it
 * takes for granted that no server answers 101 unasked.
 */
function isUnexpectedAnswer(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.message === 'bad response' || error.message === 'bad upgrade' || codeOf(error) === 'ERR_ASSERTION';
}

/** `startCommand` (`ollama serve`) is named in the hint when the server is simply not there. */
export function networkError(error: unknown, endpoint: Endpoint, hasAnswered: boolean): GatewayError {
  if (error instanceof GatewayError) return error;
  const code = codeOf(error);
  const detail = `${code === '' ? 'network error' : code} at ${endpoint.baseUrl}: ${error instanceof Error ? error.message : String(error)}`;
  const mayHaveBegun = hasAnswered || wasConnected(error);
  const fields = { detail, cause: error, mayHaveBegun };
  const who = endpoint.providerId;
  if (hasAnswered) {
    if (isFramingCode(code)) {
      return new GatewayError('upstream_invalid', `${who} broke the HTTP framing of its answer.`, fields);
    }
    return new GatewayError('upstream_failed', `${who} closed the connection in the middle of its answer.`, fields);
  }
  if (code === 'HPE_ENDLESS_INTERIM') {
    return new GatewayError('upstream_invalid', `${who} sent interim answers (1xx) without end.`, fields);
  }
  if (isFramingCode(code) || isUnexpectedAnswer(error)) {
    return new GatewayError('upstream_invalid', `${who} does not speak HTTP.`, fields);
  }
  if (isTlsCode(code)) {
    return new GatewayError('upstream_connect', `${who} has a TLS certificate that is not trusted (${code}).`, fields);
  }
  const what = mayHaveBegun ? connectCodes.ECONNRESET : (connectCodes[code] ?? 'could not be reached');
  return new GatewayError('upstream_connect', `${who} ${what}.`, fields);
}

/** Whether there was a connection to write a request to, so that it may have arrived. */
function wasConnected(error: unknown): boolean {
  const { syscall, message, cause } = (error ?? {}) as NodeJS.ErrnoException;
  // Node's words for a connection that was closed within the TLS handshake.
  if (/before secure TLS connection/.test(message ?? '')) return false;
  if (syscall !== undefined) return syscall === 'read' || syscall.startsWith('write');
  return cause === undefined ? isReset(error) : wasConnected(cause);
}

function isFramingCode(code: string): boolean {
  return code.startsWith('HPE_') || framingCodes.has(code);
}

function isTlsCode(code: string): boolean {
  return (
    code.startsWith('ERR_TLS') ||
    code.startsWith('ERR_SSL') ||
    code.includes('CERT') ||
    code.includes('SELF_SIGNED') ||
    code.includes('VERIFY')
  );
}
