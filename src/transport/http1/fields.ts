import { remembered } from '../../core/remembered.ts';
import { MessageError } from './message-error.ts';

export interface FieldName {
  readonly lower: string;
  /** A line of a head up to the value, with the end of the line before it. */
  readonly start: string;
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What would end a line early, and what latin-1 has not: cut to one byte it could become that. */
const outsideValue = /[^\t\x20-\x7e\x80-\xff]/;

/** A number of bytes, of no more digits than a number holds exactly. */
export const lengthText = /^\d{1,15}$/;

/** A name as it is written; undefined for what is none. */
export const fieldName = remembered((written): FieldName | undefined => {
  if (!token.test(written)) return undefined;
  // In one piece: a text that was joined from parts is walked through again wherever it is sent.
  const start = Buffer.from(`\r\n${written}: `).toString('latin1');
  return { lower: written.toLowerCase(), start };
});

/** Latin-1 without control characters: some readers take one of those for a space or a line end (RFC 9110, 5.5). */
export function isFieldValue(value: string): boolean {
  return !outsideValue.test(value);
}

/** Of a head; its last line has no end of its own. */
export function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\r\n', from);
  return end === -1 ? text.length : end;
}

/**
 * Tells `add` of the header lines from `from` on: names as written and in lower case, and values without the space
 * around them. Throws a MessageError for a line that is none, a folded one included. Content-Length is no field like
 * the others, since it is about the message and not about what it says: its value is returned. Bytes.
 */
export function readFields(
  text: string,
  from: number,
  add: (name: string, lower: string, value: string) => void,
): number | undefined {
  let length: number | undefined;
  for (let at = from; at < text.length; ) {
    const end = lineEnd(text, at);
    const colon = text.indexOf(':', at);
    const name = colon === -1 || colon > end ? '' : text.slice(at, colon);
    const value = sliceTrimmed(text, colon + 1, end);
    const known = fieldName(name);
    if (known === undefined || !isFieldValue(value)) {
      throw new MessageError('HPE_INVALID_HEADER_TOKEN', 'a header field is malformed');
    }
    if (known.lower !== 'content-length') add(name, known.lower, value);
    else if (length === undefined) length = readContentLength(value);
    else throw malformedLength();
    at = end + 2;
  }
  return length;
}

/** Without the spaces and tabs around it; in one cut, since every other string made is one to clear away. */
function sliceTrimmed(text: string, from: number, end: number): string {
  let first = from;
  let last = end;
  while (first < last && isBlank(text.charCodeAt(first))) first++;
  while (last > first && isBlank(text.charCodeAt(last - 1))) last--;
  return text.slice(first, last);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** A list of equal ones is malformed too. */
function readContentLength(value: string): number {
  if (!lengthText.test(value)) throw malformedLength();
  return Number(value);
}

function malformedLength(): MessageError {
  return new MessageError('HPE_INVALID_CONTENT_LENGTH', 'the content length is malformed');
}

/** What the version and the Connection field say of another message on the connection. */
export function isPersistent(connection: string | readonly string[] | undefined, isVersion11: boolean): boolean {
  if (connection === undefined) return isVersion11;
  const words = String(connection).toLowerCase();
  if (words.includes('close')) return false;
  return isVersion11 || words.includes('keep-alive');
}

/** Throws a MessageError for every transfer coding but `chunked` alone. */
export function requireChunked(coding: string | readonly string[]): void {
  if (typeof coding === 'string' && coding.toLowerCase() === 'chunked') return;
  throw new MessageError('HPE_INVALID_TRANSFER_ENCODING', 'the transfer coding is unknown');
}
