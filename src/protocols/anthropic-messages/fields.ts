import { GatewayError } from '../../core/errors.ts';
import { isObject } from '../fields.ts';
import type { JsonObject } from '../protocol.ts';

/** A JSON type that a field may be asked for. */
export interface Kind<T> {
  /** As it reads in an error: "Input should be …". */
  readonly name: string;
  is(value: unknown): value is T;
}

export const text: Kind<string> = { name: 'a string', is: (value) => typeof value === 'string' };
export const number: Kind<number> = { name: 'a number', is: (value) => typeof value === 'number' };
export const flag: Kind<boolean> = { name: 'a boolean', is: (value) => typeof value === 'boolean' };
export const list: Kind<readonly unknown[]> = { name: 'a list', is: (value) => Array.isArray(value) };
export const object: Kind<JsonObject> = { name: 'an object', is: isObject };
export const count: Kind<number> = {
  name: 'an integer that is not negative',
  is: (value): value is number => Number.isSafeInteger(value) && Number(value) >= 0,
};
export const textOrList: Kind<string | readonly unknown[]> = {
  name: 'a string or a list',
  is: (value) => typeof value === 'string' || Array.isArray(value),
};

/** `bad_request` in the API's own wording, which names the field first. */
export function badField(param: string, problem: string): GatewayError {
  return new GatewayError('bad_request', `${param}: ${problem}`, { param });
}

/** One object of a client's body and where it stands, so that a wrong field can be named. null counts as absent. */
export class Fields {
  readonly value: JsonObject;
  readonly #path: string;

  private constructor(value: JsonObject, path: string) {
    this.value = value;
    this.#path = path;
  }

  /** Throws `bad_request` when `value` is not an object. `path` is '' for the body itself. */
  static of(value: unknown, path: string): Fields {
    if (!isObject(value)) throw badField(path, 'Input should be an object');
    return new Fields(value, path);
  }

  path(key: string | number): string {
    return this.#path === '' ? String(key) : `${this.#path}.${key}`;
  }

  optional<T>(key: string, kind: Kind<T>): T | undefined {
    const value = this.value[key];
    if (value === undefined || value === null) return undefined;
    if (!kind.is(value)) throw badField(this.path(key), `Input should be ${kind.name}`);
    return value;
  }

  required<T>(key: string, kind: Kind<T>): T {
    const value = this.optional(key, kind);
    if (value === undefined) throw badField(this.path(key), 'Field required');
    return value;
  }

  /** The object under `key`, or undefined when it is absent. */
  inner(key: string): Fields | undefined {
    const value = this.optional(key, object);
    return value === undefined ? undefined : new Fields(value, this.path(key));
  }
}
