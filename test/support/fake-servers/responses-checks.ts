/* The words in which the API refuses a request; see `responses-rules.ts`. */

import type { Json } from './vendor-server.ts';

export class RuleBroken extends Error {
  readonly status: number;
  readonly code: string | null;
  readonly param: string | null;

  constructor(message: string, facts: { status?: number; code?: string; param?: string } = {}) {
    super(message);
    this.status = facts.status ?? 400;
    this.code = facts.code ?? null;
    this.param = facts.param ?? null;
  }
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function missing(param: string): never {
  throw new RuleBroken(`Missing required parameter: '${param}'.`, { code: 'missing_required_parameter', param });
}

export function invalid(param: string, message: string): never {
  throw new RuleBroken(`Invalid '${param}': ${message}`, { code: 'invalid_value', param });
}

export function wrongType(param: string, expected: string): never {
  throw new RuleBroken(`Invalid type for '${param}': expected ${expected}.`, { code: 'invalid_type', param });
}

export function onlyKeys(value: Json, allowed: readonly string[], path: string): void {
  for (const key of Object.keys(value)) {
    const param = path === '' ? key : `${path}.${key}`;
    if (!allowed.includes(key))
      throw new RuleBroken(`Unknown parameter: '${param}'.`, { code: 'unknown_parameter', param });
  }
}

export function textAt(value: unknown, path: string): string {
  if (value === undefined) return missing(path);
  return typeof value === 'string' ? value : wrongType(path, 'a string');
}

export function oneOf(value: unknown, allowed: readonly unknown[], path: string): void {
  if (!allowed.includes(value)) {
    const message = `Invalid value: '${String(value)}'. Supported values are: ${allowed.join(', ')}.`;
    throw new RuleBroken(message, { code: 'invalid_value', param: path });
  }
}

export function numberIn(value: unknown, [min, max]: readonly [number, number], path: string): void {
  if (value === undefined || value === null) return;
  if (typeof value !== 'number') wrongType(path, 'a number');
  if (value < min) invalid(path, `below minimum value. Expected a value >= ${min}, but got ${value} instead.`);
  if (value > max) invalid(path, `above maximum value. Expected a value <= ${max}, but got ${value} instead.`);
}

export function listAt(value: unknown, path: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : wrongType(path, 'an array');
}

export function checkName(name: string, path: string): void {
  if (!/^[a-zA-Z0-9_-]{1,64}$/.test(name)) invalid(path, "string does not match pattern '^[a-zA-Z0-9_-]+$'.");
}
