import { isObject } from '../fields.ts';
import type { JsonObject } from '../protocol.ts';

/** Formats of strings that constrained output knows. */
const knownFormats: ReadonlySet<unknown> = new Set([
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'uri',
  'ipv4',
  'ipv6',
  'uuid',
]);

const keptKeywords: ReadonlySet<string> = new Set([
  '$ref',
  'type',
  'enum',
  'const',
  'title',
  'default',
  'required',
  'pattern',
]);
const nestedMaps: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions']);
const nestedLists: ReadonlySet<string> = new Set(['anyOf', 'allOf']);

/** One keyword as constrained output takes it; undefined when it takes it in no form. */
function encodeKeyword(key: string, value: unknown): readonly [string, unknown] | undefined {
  if (keptKeywords.has(key)) return [key, value];
  if (nestedMaps.has(key) && isObject(value)) {
    return [key, Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, encodeSchema(inner)]))];
  }
  if (nestedLists.has(key) && Array.isArray(value)) return [key, value.map(encodeSchema)];
  if (key === 'oneOf' && Array.isArray(value)) return ['anyOf', value.map(encodeSchema)];
  if (key === 'items' && isObject(value)) return [key, encodeSchema(value)];
  if (key === 'format' && knownFormats.has(value)) return [key, value];
  if (key === 'minItems' && (value === 0 || value === 1)) return [key, value];
  return undefined;
}

function encodeSchema(schema: unknown): unknown {
  return isObject(schema) ? encodeOutputSchema(schema) : schema;
}

/**
 * A JSON Schema as constrained output takes it: objects closed, and the keywords that are a 400 (lengths, ranges,
 * unknown formats) told in the description, where the model still reads them.
 */
export function encodeOutputSchema(schema: JsonObject): JsonObject {
  const encoded: Record<string, unknown> = {};
  const told: string[] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (key === '$schema' || key === 'description' || key === 'additionalProperties') continue;
    const pair = encodeKeyword(key, value);
    if (pair === undefined) told.push(`${key}: ${JSON.stringify(value)}`);
    else encoded[pair[0]] = pair[1];
  }
  if (encoded.type === 'object' || isObject(encoded.properties)) encoded.additionalProperties = false;
  const words = typeof schema.description === 'string' ? [schema.description] : [];
  if (told.length > 0) words.push(`{${told.join(', ')}}`);
  return words.length === 0 ? encoded : { ...encoded, description: words.join('\n\n') };
}
