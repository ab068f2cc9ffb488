import { fieldName, isFieldValue } from './field-syntax.ts';

/** Fields that frame a message: they are each connection's own. */
const ownFields = new Set(['connection', 'content-length', 'transfer-encoding', 'keep-alive', 'upgrade', 'expect']);

const outsidePath = /[^\x21-\x7e]/;

/** Throws for a path that would end the request line early. */
export function requireSendablePath(path: string): void {
  if (outsidePath.test(path)) throw new TypeError('the path of the upstream URL has characters that cannot be sent');
}

/** False for a field that is not ours to set. Throws for one that would end its line early; never tells its value. */
function isSendable(name: string, value: string): boolean {
  const lower = fieldName(name);
  if (lower !== undefined && ownFields.has(lower)) return false;
  if (lower === undefined || !isFieldValue(value)) {
    throw new TypeError(`the header ${JSON.stringify(name)} has characters that cannot be sent`);
  }
  return true;
}

/** Without the fields that are not ours to set. Flat lists. Throws as `isSendable` does. */
export function sendableFields(headers: readonly string[]): string[] {
  const fields: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const [name, value] = [headers[at] as string, headers[at + 1] as string];
    if (isSendable(name, value)) fields.push(name, value);
  }
  return fields;
}
