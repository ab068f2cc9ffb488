import { badField, isObject } from '../fields.ts';
import type { JsonObject } from '../protocol.ts';

/*
 * Readers for a client's body. Protobuf JSON takes a field in camelCase and in snake_case, and numbers as strings, so
 * these do; what is of another type is `bad_request` naming the field.
 */

/** The object with its own keys in camelCase; values are left alone, since arguments and schemas have keys of users. */
export function camelCased(value: JsonObject): JsonObject {
  const keys = Object.keys(value);
  if (!keys.some((key) => key.includes('_'))) return value;
  return Object.fromEntries(keys.map((key) => [camelCaseKey(key), value[key]]));
}

function camelCaseKey(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

export function objectAt(value: unknown, path: string): JsonObject {
  if (!isObject(value)) throw badField(path, 'an object');
  return camelCased(value);
}

export function optionalObjectAt(value: unknown, path: string): JsonObject | undefined {
  return isAbsent(value) ? undefined : objectAt(value, path);
}

/** Missing is empty; a lone object is a list of one, as the SDKs allow it. */
export function listAt(value: unknown, path: string): readonly unknown[] {
  if (isAbsent(value)) return [];
  if (Array.isArray(value)) return value;
  if (isObject(value)) return [value];
  throw badField(path, 'an array');
}

export function stringAt(value: unknown, path: string): string | undefined {
  if (isAbsent(value)) return undefined;
  if (typeof value !== 'string') throw badField(path, 'a string');
  return value;
}

export function stringsAt(value: unknown, path: string): readonly string[] | undefined {
  if (isAbsent(value)) return undefined;
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw badField(path, 'an array of strings');
  }
  return value;
}

export function numberAt(value: unknown, path: string): number | undefined {
  if (isAbsent(value)) return undefined;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) throw badField(path, 'a number');
  return number;
}

export function booleanAt(value: unknown, path: string): boolean | undefined {
  if (isAbsent(value)) return undefined;
  if (typeof value !== 'boolean') throw badField(path, 'true or false');
  return value;
}

/** The objects of a list of an upstream's; what is not an object is passed over. */
export function objectsIn(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
