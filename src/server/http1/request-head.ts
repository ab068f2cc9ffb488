import { isPersistent, lineEnd, readFields, requireChunked } from '../../transport/http1/fields.ts';
import type { HeadReading } from '../../transport/http1/head-reader.ts';
import { MessageError } from '../../transport/http1/message-error.ts';
import { hasLoneLineFeed } from '../../transport/http1/message-reader.ts';

/**
 * Lower-case names. Of a field that repeats, all values with commas between, as RFC 9110 (5.3) has it. Without
 * Content-Length, which is the framing's.
 */
export type RequestHeaders = Readonly<Record<string, string | undefined>>;

export interface RequestHead {
  readonly method: string;
  /** As written: a path, and from clients that take us for a proxy a whole URL. */
  readonly target: string;
  readonly headers: RequestHeaders;
  /** Flat list, as they came, but for Content-Length. */
  readonly rawHeaders: readonly string[];
  readonly framing: number | 'chunked';
  readonly isVersion11: boolean;
  /** The client would send another request on this connection. */
  readonly keepsAlive: boolean;
  /** The client sends the body only when it is asked to. */
  readonly expectsContinue: boolean;
}

const requestLine = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+ [^\0- \x7f]+ HTTP\/1\.[01]$/;

/** Throws a MessageError where `text` is no head of a request, or of one that two readers may read in two ways. */
export function readRequestHead(text: string): RequestHead {
  const end = lineEnd(text, 0);
  if (!requestLine.test(text.slice(0, end))) throw notHttp();
  const methodEnd = text.indexOf(' ');
  const rawHeaders: string[] = [];
  const headers: Record<string, string> = {};
  const length = readFields(text, end + 2, (name, lower, value) => {
    rawHeaders.push(name, value);
    addField(headers, lower, value);
  });
  const isVersion11 = text[end - 1] === '1';
  if (headers.host === undefined && isVersion11) throw new MessageError('HPE_INVALID_HOST', 'the host is missing');
  return {
    method: text.slice(0, methodEnd),
    target: text.slice(methodEnd + 1, end - ' HTTP/1.1'.length),
    headers,
    rawHeaders,
    framing: framingOf(headers, length, isVersion11),
    isVersion11,
    keepsAlive: isPersistent(headers.connection, isVersion11),
    expectsContinue: isVersion11 && headers.expect?.toLowerCase() === '100-continue',
  };
}

export const requestHeads: HeadReading<RequestHead> = {
  read: readRequestHead,
  withLength: (head, length) => ({ ...head, framing: framingOf(head.headers, length, head.isVersion11) }),
};

/** Throws for what can no longer become a request, so that nobody waits for its end. */
export function checkBeginning(bytes: Buffer, at: number): void {
  if (!isToken(bytes[at]) && bytes[at] !== carriageReturn) throw notHttp();
  if (hasLoneLineFeed(bytes, at)) throw notHttp();
}

const carriageReturn = 0x0d;

/** A method begins like this; the greeting of TLS does not. */
function isToken(byte: number | undefined): boolean {
  return byte !== undefined && byte > 0x20 && byte < 0x7f;
}

function notHttp(): MessageError {
  return new MessageError('HPE_INVALID_METHOD', 'it does not begin with a request line of HTTP/1.1');
}

/** Of these the first one counts: joined they would mean nothing. */
const firstCounts = new Set(['authorization', 'content-type', 'user-agent']);

function addField(headers: Record<string, string>, name: string, value: string): void {
  if (!Object.hasOwn(headers, name)) headers[name] = value;
  else if (name === 'host') throw new MessageError('HPE_INVALID_HOST', 'there are several hosts');
  else if (!firstCounts.has(name)) headers[name] += `, ${value}`;
}

function framingOf(headers: RequestHeaders, length: number | undefined, isVersion11: boolean): number | 'chunked' {
  const coding = headers['transfer-encoding'];
  if (coding === undefined) return length ?? 0;
  requireChunked(coding);
  // Who reads the one field and who reads the other see different requests (RFC 9112, 6.1).
  if (length !== undefined) {
    throw new MessageError('HPE_INVALID_CONTENT_LENGTH', 'it has both a content length and a transfer coding');
  }
  if (!isVersion11) throw new MessageError('HPE_INVALID_TRANSFER_ENCODING', 'HTTP/1.0 knows no transfer coding');
  return 'chunked';
}
