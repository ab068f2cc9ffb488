import { z } from 'zod';
import { spellings, splitSettings } from './spellings.ts';
import type { Path } from './tree.ts';
import { matchesPattern } from './tree-pattern.ts';

/** The part of a schema that `path` leads to, without its wrappers of defaults; undefined where it ends. */
export function schemaAt(schema: z.core.$ZodType, path: Path): z.core.$ZodType | undefined {
  const bare = unwrap(schema);
  const [key, ...rest] = path;
  if (key === undefined) return bare;
  const next = below(bare, String(key));
  return next === undefined ? undefined : schemaAt(next, rest);
}

/** Names that may stand at `path`, foreign spellings included: what a misspelt one is compared with. */
export function knownKeys(schema: z.core.$ZodType, path: Path): readonly string[] {
  const at = schemaAt(schema, path);
  const ours = at instanceof z.ZodObject ? Object.keys(at.shape) : [];
  const foreign = [...spellings, ...splitSettings].filter((spelling) => matchesPattern(spelling.at, path));
  return [...ours, ...foreign.map((spelling) => spelling.from).filter((name) => !name.includes('.'))];
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  const isWrapped =
    schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault;
  return isWrapped ? unwrap(schema.unwrap()) : schema;
}

function below(schema: z.core.$ZodType, key: string): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject) return schema.shape[key];
  if (schema instanceof z.ZodRecord) return schema.valueType;
  if (schema instanceof z.ZodArray) return schema.element;
  return undefined;
}
