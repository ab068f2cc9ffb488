import { createHash, timingSafeEqual } from 'node:crypto';
import { isAuthOn } from '../config/check-auth.ts';
import type { Config } from '../config/schema.ts';
import { GatewayError } from '../core/errors.ts';

export interface ClientKey {
  readonly name: string;
  readonly owner: string | undefined;
  /** Model names and patterns with `*` it may use; undefined is all. */
  readonly models: readonly string[] | undefined;
  /** Requests a minute; undefined leaves it to the limit of all keys, 0 is no limit. */
  readonly rpm: number | undefined;
  /** Tokens a minute, likewise. */
  readonly tpm: number | undefined;
}

export interface DeclaredKey extends ClientKey {
  readonly key: string;
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** The clients' keys, kept only as hashes and compared in constant time. */
export class KeyRing {
  readonly #keys: readonly { readonly hash: Buffer; readonly key: ClientKey }[];

  constructor(declared: readonly DeclaredKey[]) {
    this.#keys = declared.map(({ key, ...rest }) => ({ hash: sha256(key), key: rest }));
  }

  named(name: string): ClientKey | undefined {
    return this.#keys.find(({ key }) => key.name === name)?.key;
  }

  /** Throws `unauthorized` when the headers carry no key, or none of these. */
  authenticate(headers: Headers): ClientKey {
    const given = keyIn(headers);
    if (given === undefined) {
      throw new GatewayError('unauthorized', 'This router wants a key.', {
        hint: 'send it as "Authorization: Bearer KEY", x-api-key or x-goog-api-key',
      });
    }
    const hash = sha256(given);
    let found: ClientKey | undefined;
    for (const entry of this.#keys) if (timingSafeEqual(entry.hash, hash)) found = entry.key;
    if (found === undefined) throw new GatewayError('unauthorized', 'The key is not known to this router.');
    return found;
  }
}

/** Undefined while auth is off. */
export function keyRingOf(config: Config): KeyRing | undefined {
  if (!isAuthOn(config)) return undefined;
  return new KeyRing(
    config.auth.keys.map(({ name, key, owner, models, rpm, tpm }) => ({ name, key, owner, models, rpm, tpm })),
  );
}

/** The key a client sent, whichever way its SDK does it. */
function keyIn(headers: Headers): string | undefined {
  const { authorization } = headers;
  if (typeof authorization === 'string') {
    const match = /^bearer\s+(\S+)\s*$/i.exec(authorization);
    if (match?.[1] !== undefined) return match[1];
  }
  for (const name of ['x-api-key', 'x-goog-api-key', 'api-key']) {
    const value = headers[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
