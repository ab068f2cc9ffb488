import { fieldName, isFieldValue } from './http1/fields.ts';

/** Fields that frame a message: they are each connection's own. */
const ownFields = new Set(['connection', 'content-length', 'transfer-encoding', 'keep-alive', 'upgrade', 'expect']);

const outsidePath = /[^\x21-\x7e]/;

/** Throws for a path that would end the request line early. */
export function requireSendablePath(path: string): void {
  if (outsidePath.test(path)) throw new TypeError('the path of the upstream URL has characters that cannot be sent');
}

/** False for a field that is not ours to set. Throws for one that would end its line early; never tells its value. */
export function isSendable(name: string, value: string): boolean {
  const known = fieldName(name);
  if (known !== undefined && ownFields.has(known.lower)) return false;
  if (known === undefined || !isFieldValue(value)) {
    throw new TypeError(`the header ${JSON.stringify(name)} has characters that cannot be sent`);
  }
  return true;
}
