import { z } from 'zod';
import { configSchema } from './schema.ts';
import type { Spelling } from './spelling.ts';
import { spellings, splitSettings } from './spellings.ts';
import { patternSteps } from './tree-pattern.ts';

type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Identifies the schema; nothing is to be fetched from it. */
const schemaId = 'urn:router:config';

/**
 * The JSON Schema (draft 2020-12) of the file as users may write it, for editors: the strict schema, with the foreign
 * spellings, with `${VAR}` where a number or a switch is expected, and with sections left empty.
 */
export function jsonSchema(): JsonObject {
  const strict = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-2020-12' });
  // What zod returns is typed wider than the JSON it is.
  const plain: JsonObject = JSON.parse(JSON.stringify(strict));
  // Names first: they are looked up in the strict form, which the values then widen.
  const named = [...spellings, ...splitSettings].reduce(addName, plain);
  const spelled = loosen(spellings.reduce(widenValue, named));
  return { ...spelled, $id: schemaId, title: 'router.yaml' };
}

type Named = Pick<Spelling, 'at' | 'from' | 'schema' | 'action'> & { readonly to?: string };

/** A foreign name beside ours. */
function addName(root: JsonObject, spelling: Named): JsonObject {
  const { at, from, to = from, action = 'move' } = spelling;
  if (action === 'copy' || (from === to && action !== 'drop' && spelling.to !== undefined)) return root;
  const ours = schemaAt(root, [at, to]);
  const shape = spelling.schema === undefined ? ours : toJson(spelling.schema);
  if (shape === undefined) return root;
  const description = from === to ? undefined : `The same as ${to}`;
  const named = setAt(root, keysOf([at, from]), description === undefined ? shape : { ...shape, description });
  return from === to ? named : withoutRequired(named, at, to);
}

/** What may be said by another name can no longer be asked for by ours; the loader still does. */
function withoutRequired(root: JsonObject, at: string, name: string): JsonObject {
  const parent = schemaAt(root, [at]);
  const required = parent?.required;
  if (parent === undefined || required === undefined || !isList(required) || !required.includes(name)) return root;
  return setAt(root, keysOf([at]), { ...parent, required: required.filter((other) => other !== name) });
}

/** Foreign forms of a value under our own name. */
function widenValue(root: JsonObject, { at, from, to, action, schema, itemSchema }: Spelling): JsonObject {
  const ours = schemaAt(root, [at, to]);
  if (from !== to || action !== undefined || ours === undefined) return root;
  if (itemSchema !== undefined && isObject(ours.items)) {
    return setAt(root, keysOf([at, to]), { ...ours, items: { anyOf: [toJson(itemSchema), ours.items] } });
  }
  if (schema === undefined) return root;
  const { description, ...shape } = ours;
  return setAt(root, keysOf([at, to]), { anyOf: [shape, toJson(schema)], ...(description && { description }) });
}

/** The keywords that lead to a setting: `providers.*.models[]` → properties, providers, additionalProperties, … */
function keysOf(patterns: readonly string[]): readonly string[] {
  return patterns.flatMap(patternSteps).flatMap((step) => {
    if (step === '*') return ['additionalProperties'];
    return step === '[]' ? ['items'] : ['properties', step];
  });
}

function schemaAt(root: JsonObject, patterns: readonly string[]): JsonObject | undefined {
  let node: Json | undefined = root;
  for (const key of keysOf(patterns)) node = isObject(node) ? node[key] : undefined;
  return isObject(node) ? node : undefined;
}

function setAt(node: JsonObject, keys: readonly string[], value: JsonObject): JsonObject {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  const next = node[key];
  return { ...node, [key]: setAt(isObject(next) ? next : {}, rest, value) };
}

const reference: JsonObject = { type: 'string', pattern: '\\$\\{' };

/** What the loader takes beyond the schema: references for any scalar, nothing for a whole section. */
function loosen(schema: JsonObject): JsonObject {
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, loosenKeyword(key, value)]));
  if (inner.type === 'object') return { ...inner, type: ['object', 'null'] };
  const isScalar = inner.type === 'number' || inner.type === 'integer' || inner.type === 'boolean';
  if (!isScalar && inner.enum === undefined && inner.format === undefined) return inner;
  const { description, default: fallback, ...shape } = inner;
  return {
    anyOf: [shape, reference],
    ...(description !== undefined && { description }),
    ...(fallback !== undefined && { default: fallback }),
  };
}

function loosenKeyword(keyword: string, value: Json): Json {
  if (keyword === 'properties' && isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, schema]) => [name, isObject(schema) ? loosen(schema) : schema]),
    );
  }
  if (keyword === 'anyOf' && isList(value)) return value.map((schema) => (isObject(schema) ? loosen(schema) : schema));
  const isSchema = keyword === 'items' || keyword === 'additionalProperties';
  return isSchema && isObject(value) ? loosen(value) : value;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function toJson(schema: Readonly<Record<string, unknown>>): JsonObject {
  return JSON.parse(JSON.stringify(schema));
}
