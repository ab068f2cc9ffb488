import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from './protocol.ts';

/*
 * Reading of untrusted request bodies. A field that is null counts as absent, as the SDKs mean it; one of a wrong type
 * is a `bad_request` whose param is its path, written as in `messages[2].content[0].image_url.url`.
 */

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The path of a field or an element below `path`; '' is the body itself. */
export function at(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}

/** `expected` completes the sentence "<path> must be …". */
export function badField(path: string, expected: string): GatewayError {
  return new GatewayError('bad_request', `'${path}' must be ${expected}.`, { param: path });
}

export function optionalString(from: JsonObject, key: string, path = ''): string | undefined {
  const value = from[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw badField(at(path, key), 'a string');
  return value;
}

export function requiredString(from: JsonObject, key: string, path = ''): string {
  const value = optionalString(from, key, path);
  if (value === undefined) throw badField(at(path, key), 'a string');
  return value;
}

export function optionalNumber(from: JsonObject, key: string, path = ''): number | undefined {
  const value = from[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number') throw badField(at(path, key), 'a number');
  return value;
}

export function optionalBoolean(from: JsonObject, key: string, path = ''): boolean | undefined {
  const value = from[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw badField(at(path, key), 'true or false');
  return value;
}

export function optionalObject(from: JsonObject, key: string, path = ''): JsonObject | undefined {
  const value = from[key];
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw badField(at(path, key), 'an object');
  return value;
}

export function requiredObject(from: JsonObject, key: string, path = ''): JsonObject {
  const value = optionalObject(from, key, path);
  if (value === undefined) throw badField(at(path, key), 'an object');
  return value;
}

export function optionalArray(from: JsonObject, key: string, path = ''): readonly unknown[] | undefined {
  const value = from[key];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw badField(at(path, key), 'an array');
  return value;
}

/** The elements of an array that must all be objects, each with its path. */
export function optionalObjects(
  from: JsonObject,
  key: string,
  path = '',
): readonly { readonly value: JsonObject; readonly path: string }[] | undefined {
  return optionalArray(from, key, path)?.map((value, i) => {
    const here = at(at(path, key), i);
    if (!isObject(value)) throw badField(here, 'an object');
    return { value, path: here };
  });
}

type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** A copy without the fields that are undefined: absent fields stay absent on the wire. */
export function present<T extends object>(object: T): Present<T> {
  const copy: Record<string, unknown> = {};
  // Without a list of its entries: this is done for every message and part.
  for (const key in object) if (object[key] !== undefined) copy[key] = object[key];
  return copy as Present<T>;
}

export function isEmpty(object: object): boolean {
  return Object.keys(object).length === 0;
}

/* Reading of upstream answers: lenient, since servers differ; what is not of the expected type counts as absent. */

export function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A string with something in it. */
export function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

export function asObject(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
