import { remembered } from '../../core/remembered.ts';
import { MessageError } from './message-reader.ts';

const fieldName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const forbiddenInValue = /[\0\r\n]/;

/** The name in lower case; undefined for what is no name of a field. */
export const lowerCaseName = remembered((name) => (fieldName.test(name) ? name.toLowerCase() : undefined));

/**
 * Header lines from `from` on, as a flat list of names as written and values without the space around them. Throws a
 * MessageError for a line that is none, a folded one included.
 */
export function readFields(text: string, from: number): string[] {
  const fields: string[] = [];
  for (let at = from; at < text.length; ) {
    let end = text.indexOf('\r\n', at);
    if (end === -1) end = text.length;
    const colon = text.indexOf(':', at);
    const name = colon === -1 || colon > end ? '' : text.slice(at, colon);
    const value = sliceTrimmed(text, colon + 1, end);
    if (lowerCaseName(name) === undefined || forbiddenInValue.test(value)) {
      throw new MessageError('HPE_INVALID_HEADER_TOKEN', 'a header field is malformed');
    }
    fields.push(name, value);
    at = end + 2;
  }
  return fields;
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

/** Bytes. Throws a MessageError for what is no number, a list of equal ones included. */
export function readContentLength(value: string | readonly string[]): number {
  if (typeof value !== 'string' || !/^\d{1,15}$/.test(value)) {
    throw new MessageError('HPE_INVALID_CONTENT_LENGTH', 'the content length is malformed');
  }
  return Number(value);
}

/** Throws a MessageError for every transfer coding but `chunked` alone. */
export function requireChunked(coding: string | readonly string[]): void {
  if (typeof coding === 'string' && coding.toLowerCase() === 'chunked') return;
  throw new MessageError('HPE_INVALID_TRANSFER_ENCODING', 'the transfer coding is unknown');
}
