import { STATUS_CODES } from 'node:http';
import { fieldName, isFieldValue } from '../../transport/http1/fields.ts';

export interface AnswerHead {
  /** Status line and fields, latin-1, without the last line's end. */
  readonly text: string;
  /** What the fields say of the body's length. Bytes. */
  readonly length: number | undefined;
  readonly hasDate: boolean;
}

const statusLines = new Map(
  Object.entries(STATUS_CODES).map(([status, reason]) => [Number(status), `HTTP/1.1 ${status} ${reason}`]),
);

/** Throws for a field that would not arrive as one. `headers` is a flat list. */
export function answerHead(status: number, headers: readonly string[]): AnswerHead {
  let text = statusLines.get(status) ?? `HTTP/1.1 ${status} Unknown`;
  let length: number | undefined;
  let hasDate = false;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = fieldName(headers[at] as string);
    const value = headers[at + 1] as string;
    if (name === undefined || !isFieldValue(value)) throw new Error(`the header ${headers[at]} cannot be sent`);
    text += name.start + value;
    if (name.lower === 'content-length') length = Number(value);
    else if (name.lower === 'date') hasDate = true;
  }
  return { text, length, hasDate };
}
