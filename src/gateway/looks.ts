/** What the bytes of an answer show it to be, whatever its content type says. */
export type Looks = 'events' | 'json' | 'other';

/** What a line of server-sent events begins with. JSON begins with none of them. */
const eventFields = ['data:', 'event:', 'id:', 'retry:', ':'];
const byteOrderMark = '\ufeff';
/** White space before an answer is a sign of life; more than this is something else. Bytes. */
export const mostBlank = 64 * 1024;
/** Longer than every field, and a byte order mark. Bytes. */
const enough = 16;

/** Undefined while the bytes may still become either: white space, or half the name of a field. */
export function looksOf(beginning: Buffer): Looks | undefined {
  let from = 0;
  while (isBlank(beginning[from])) from++;
  const text = beginning
    .toString('utf8', from, from + enough)
    .replace(byteOrderMark, '')
    .trimStart();
  if (text === '') return beginning.length < mostBlank ? undefined : 'other';
  if (text.startsWith('{')) return 'json';
  if (eventFields.some((field) => text.startsWith(field))) return 'events';
  return eventFields.some((field) => field.startsWith(text)) ? undefined : 'other';
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** A byte order mark is legal in front of a stream of events, and no part of the first. */
export function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}
