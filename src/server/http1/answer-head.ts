import { STATUS_CODES } from 'node:http';
import { lowerCaseName } from '../../transport/http1/fields.ts';

export interface AnswerHead {
  /** Status line and fields, latin-1, without the blank line. */
  readonly text: string;
  /** What the fields say of the body's length. Bytes. */
  readonly length: number | undefined;
  readonly hasDate: boolean;
}

/** What would end a field early, and what latin-1 has not: cut to one byte it could become that. */
const forbiddenInValue = /[^\t\x20-\x7e\x80-\xff]/;

/** Throws for a field that would not arrive as one. `headers` is a flat list. */
export function answerHead(status: number, headers: readonly string[]): AnswerHead {
  let text = statusLine(status);
  let length: number | undefined;
  let hasDate = false;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] as string;
    const value = headers[at + 1] as string;
    const lower = lowerCaseName(name);
    if (lower === undefined || forbiddenInValue.test(value)) throw new Error(`the header ${name} cannot be sent`);
    text += `${name}: ${value}\r\n`;
    if (lower === 'content-length') length = Number(value);
    else if (lower === 'date') hasDate = true;
  }
  return { text, length, hasDate };
}

function statusLine(status: number): string {
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n`;
}
