import { randomBytes } from 'node:crypto';

/** 96 bits: the id of another's stored answer cannot be guessed. Hexadecimal digits. */
const digits = 24;
/** Ids that are made at once. */
const batch = 256;

/** Ids of requests. Chance is asked for many at a time: each of Node's own UUIDs costs as much as reading a request. */
export function createRequestIds(): () => string {
  let pool = '';
  let at = 0;
  return () => {
    if (at === pool.length) {
      pool = randomBytes((digits / 2) * batch).toString('hex');
      at = 0;
    }
    at += digits;
    return pool.slice(at - digits, at);
  };
}
