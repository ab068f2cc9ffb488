import { remembered } from '../core/remembered.ts';

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What would end a line early, and what latin-1 has not: cut to one byte it could become that. */
const outsideValue = /[^\t\x20-\x7e\x80-\xff]/;

/** A field's name in lower case; undefined for what is not a token (RFC 9110, 5.6.2). */
export const fieldName = remembered((written): string | undefined =>
  token.test(written) ? written.toLowerCase() : undefined,
);

/** Latin-1 without control characters: some readers take one of those for a space or a line end (RFC 9110, 5.5). */
export function isFieldValue(value: string): boolean {
  return !outsideValue.test(value);
}
