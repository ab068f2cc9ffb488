import type { IncomingMessage } from 'node:http';

/** Longest head. Bytes. */
export const maxHeadBytes = 64 * 1024;

/** What came is not a request, or one that two readers may read in two ways. `code` is named like those of Node's parser. */
export class RequestError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Codes for a connection on which nothing more can come; what was asked before may still be answered. */
export const brokenOff: ReadonlySet<string> = new Set(['HPE_INVALID_EOF_STATE', 'HPE_CLOSED_CONNECTION']);

/** Code of the error for a head that takes too long. */
export const lateHead = 'ERR_HTTP_REQUEST_TIMEOUT';

/** False for an error of the connection itself, which cannot be answered. */
export function isAboutMessage({ code }: RequestError): boolean {
  return code === lateHead || code.startsWith('HPE_');
}

/** What Node's parser lets pass and we do not (RFC 9112, 2.3, 3.2, 6.1); undefined for a request that may be served. */
export function refusedBy(incoming: IncomingMessage): RequestError | undefined {
  const { httpVersionMajor, httpVersionMinor } = incoming;
  if (httpVersionMajor !== 1 || httpVersionMinor > 1) {
    return new RequestError('HPE_INVALID_VERSION', 'its version is neither HTTP/1.1 nor HTTP/1.0');
  }
  if (!Number.isSafeInteger(Number(incoming.headers['content-length'] ?? 0))) {
    return new RequestError('HPE_INVALID_CONTENT_LENGTH', 'the content length is malformed');
  }
  return refusedHost(incoming) ?? refusedTarget(incoming) ?? refusedCoding(incoming);
}

/** A name or an address with an optional port. */
const authority = /^(?:[\w.~!@$&'()*+;=%-]*|\[[\da-f:.]+(?:%[\w.~-]+)?\])(?::(\d{0,5}))?$/i;

function refusedHost({ rawHeaders, headers, httpVersionMinor }: IncomingMessage): RequestError | undefined {
  const { host } = headers;
  if (host === undefined) return httpVersionMinor === 0 ? undefined : invalidHost('the host is missing');
  if (timesNamed(rawHeaders, 'host') > 1) return invalidHost('there are several hosts');
  const parts = authority.exec(host);
  return parts === null || Number(parts[1] ?? 0) > 65_535 ? invalidHost('the host is malformed') : undefined;
}

function invalidHost(message: string): RequestError {
  return new RequestError('HPE_INVALID_HOST', message);
}

function refusedTarget({ url = '', method, headers }: IncomingMessage): RequestError | undefined {
  if (url.startsWith('/') || (url === '*' && method === 'OPTIONS')) return undefined;
  const named = /^https?:\/\/([^/?#]*)/i.exec(url)?.[1]?.toLowerCase();
  // Where the two differ the target's counts, and ours are judged by the field (RFC 9112, 3.2.2).
  if (named !== undefined && named !== '' && named === (headers.host ?? named).toLowerCase()) return undefined;
  return new RequestError('HPE_INVALID_URL', 'its target is neither a path nor a URL of its host');
}

function refusedCoding({ rawHeaders, headers, httpVersionMinor }: IncomingMessage): RequestError | undefined {
  const coding = headers['transfer-encoding'];
  if (coding === undefined) return undefined;
  const isChunked = coding.toLowerCase() === 'chunked' && timesNamed(rawHeaders, 'transfer-encoding') === 1;
  if (isChunked && httpVersionMinor === 1 && headers['content-length'] === undefined) return undefined;
  return new RequestError('HPE_INVALID_TRANSFER_ENCODING', 'its transfer coding is not chunked alone');
}

function timesNamed(rawHeaders: readonly string[], name: string): number {
  let times = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const written = rawHeaders[at] as string;
    if (written.length === name.length && written.toLowerCase() === name) times++;
  }
  return times;
}
