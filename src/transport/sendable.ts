import { remembered } from '../core/remembered.ts';

/** Fields that frame a message: they are each connection's own. */
const ownFields = new Set(['connection', 'content-length', 'transfer-encoding', 'keep-alive', 'upgrade', 'expect']);

const outsidePath = /[^\x21-\x7e]/;
const outsideName = /[^!#$%&'*+.^_`|~0-9A-Za-z-]/;
const outsideValue = /[^\t\x20-\x7e\x80-\xff]/;

const judge = remembered((name) => {
  if (ownFields.has(name.toLowerCase())) return 'own';
  return name === '' || outsideName.test(name) ? 'no-name' : 'sendable';
});

/** Throws for a path that would end the request line early. */
export function requireSendablePath(path: string): void {
  if (outsidePath.test(path)) throw new TypeError('the path of the upstream URL has characters that cannot be sent');
}

/** False for a field that is not ours to set. Throws for one that would end its line early; never tells its value. */
export function isSendable(name: string, value: string): boolean {
  const verdict = judge(name);
  if (verdict === 'own') return false;
  if (verdict === 'no-name' || outsideValue.test(value)) {
    throw new TypeError(`the header ${JSON.stringify(name)} has characters that cannot be sent`);
  }
  return true;
}
