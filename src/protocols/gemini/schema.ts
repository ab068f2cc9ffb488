import { isObject } from '../fields.ts';
import type { JsonObject } from '../protocol.ts';
import { camelCased } from './proto-json.ts';

/** Protobuf writes 64-bit integers as strings; JSON Schema wants numbers. */
const countKeys = new Set(['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties']);

/** Hints to Gemini alone, and the pseudo-format that only says that `enum` follows. */
const droppedKeys = new Set(['nullable', 'propertyOrdering', 'example']);

/**
 * Google's OpenAPI subset (`parameters`, `responseSchema`) as JSON Schema: lower-case types, `nullable` as a type of
 * its own. Takes a schema that is JSON Schema already and leaves it as it is, since clients mix the two up.
 */
export function jsonSchemaFromOpenApi(schema: JsonObject): JsonObject {
  const source = camelCased(schema);
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(source)) {
    if (droppedKeys.has(key) || (key === 'format' && value === 'enum')) continue;
    result[key] = converted(key, value);
  }
  return source.nullable === true ? nullable(result) : result;
}

function converted(key: string, value: unknown): unknown {
  if (key === 'type') return lowerCaseType(value);
  if (countKeys.has(key) && typeof value === 'string') return Number(value);
  if (key === 'properties' && isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, property]) => [name, nested(property)]));
  }
  if (key === 'items' || key === 'anyOf' || key === 'prefixItems') return nested(value);
  return value;
}

function nested(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(nested);
  return isObject(value) ? jsonSchemaFromOpenApi(value) : value;
}

function lowerCaseType(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerCaseType);
  return typeof value === 'string' ? value.toLowerCase() : value;
}

function nullable(schema: Readonly<Record<string, unknown>>): JsonObject {
  if (Array.isArray(schema.anyOf)) return { ...schema, anyOf: [...schema.anyOf, { type: 'null' }] };
  if (typeof schema.type !== 'string') return schema;
  const values = Array.isArray(schema.enum) ? { enum: [...schema.enum, null] } : {};
  return { ...schema, type: [schema.type, 'null'], ...values };
}

/**
 * A tool's arguments for `parametersJsonSchema`, which takes JSON Schema as it is but insists on an object; undefined
 * for a function without parameters.
 */
export function parametersJsonSchema(schema: JsonObject): JsonObject | undefined {
  if (Object.keys(schema).length === 0) return undefined;
  return schema.type === undefined ? { type: 'object', ...schema } : schema;
}
