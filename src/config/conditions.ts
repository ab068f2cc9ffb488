import { z } from 'zod';
import { didYouMean } from './near.ts';

/** Of a condition on one field. */
const conditionOperators = ['$eq', '$ne', '$in', '$nin', '$regex', '$gt', '$gte', '$lt', '$lte', '$exists'] as const;

/** What a condition may look at, beside `metadata.NAME` and `headers.NAME`. */
const conditionFields = [
  'model',
  'operation',
  'protocol',
  'stream',
  'provider',
  'user',
  'session_id',
  'request_id',
  'key',
  'owner',
  'tokens',
  'max_tokens',
  'bytes',
  'tools',
  'images',
  'audio',
  'documents',
] as const;

type Scalar = string | number | boolean;

/** A test of one field, by its operator. */
export type FieldTest = { readonly field: string } & (
  | { readonly op: '$eq' | '$ne'; readonly value: Scalar }
  | { readonly op: '$in' | '$nin'; readonly value: readonly Scalar[] }
  | { readonly op: '$regex'; readonly value: RegExp }
  | { readonly op: '$gt' | '$gte' | '$lt' | '$lte'; readonly value: number }
  | { readonly op: '$exists'; readonly value: boolean }
);

export type Condition =
  | FieldTest
  | { readonly $and: readonly Condition[] }
  | { readonly $or: readonly Condition[] }
  | { readonly $not: Condition };

/** Deeper than anyone writes by hand. */
const maxDepth = 16;

interface Place {
  readonly path: readonly (string | number)[];
  readonly report: (path: readonly (string | number)[], message: string, hint?: string) => void;
}

/** A test of a field, or `$and`, `$or` or `$not` over others. */
export const condition = z.unknown().transform((value, context): Condition => {
  let isBroken = false;
  const report: Place['report'] = (path, message, hint) => {
    isBroken = true;
    context.addIssue({ code: 'custom', path: [...path], message, params: { hint } });
  };
  const parsed = parse(value, { path: [], report });
  return isBroken || parsed === undefined ? z.NEVER : parsed;
});

function parse(value: unknown, place: Place): Condition | undefined {
  const { path, report } = place;
  if (path.length > 2 * maxDepth) return void report(path, 'the conditions are nested too deeply');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return void report(path, 'expected a condition', 'write field, op and value, or $and, $or, $not');
  }
  const map = value as Readonly<Record<string, unknown>>;
  const [joint] = Object.keys(map).filter((key) => key.startsWith('$'));
  if (joint === undefined) return parseTest(map, place);
  if (Object.keys(map).length > 1) return void report(path, `"${joint}" must stand alone`, 'join conditions with $and');
  const inner: Place = { ...place, path: [...path, joint] };
  switch (joint) {
    case '$and':
      return listOf(map.$and, inner, ($and) => ({ $and }));
    case '$or':
      return listOf(map.$or, inner, ($or) => ({ $or }));
    case '$not': {
      const $not = parse(map.$not, inner);
      return $not === undefined ? undefined : { $not };
    }
    default:
      return void report(inner.path, `"${joint}" is not known here`, 'conditions are joined by $and, $or and $not');
  }
}

function listOf(value: unknown, place: Place, join: (list: readonly Condition[]) => Condition): Condition | undefined {
  if (!Array.isArray(value) || value.length === 0) {
    return void place.report(place.path, 'expected a list of conditions, at least one');
  }
  const list = value.map((item, index) => parse(item, { ...place, path: [...place.path, index] }));
  const whole = list.filter((item) => item !== undefined);
  return whole.length === list.length ? join(whole) : undefined;
}

function parseTest(map: Readonly<Record<string, unknown>>, { path, report }: Place): Condition | undefined {
  const { field, op, value, ...rest } = map;
  for (const key of Object.keys(rest)) report([...path, key], `unknown setting "${key}" in a condition`);
  if (typeof field !== 'string' || !isField(field)) {
    const known = [...conditionFields, 'metadata.NAME', 'headers.NAME'];
    const hint = didYouMean(String(field), conditionFields) ?? `one of ${known.join(', ')}`;
    return void report([...path, 'field'], `"${String(field)}" is not something a condition can look at`, hint);
  }
  const known = conditionOperators.find((one) => one === op || one === `$${String(op)}`);
  if (known === undefined) {
    return void report([...path, 'op'], `"${String(op)}" is not known here`, `one of ${conditionOperators.join(', ')}`);
  }
  const test = testOf(known, value);
  if (typeof test === 'string') return void report([...path, 'value'], test);
  return { field, ...test } as FieldTest;
}

function isField(name: string): boolean {
  return conditionFields.some((one) => one === name) || /^(?:metadata|headers)\../.test(name);
}

type Test = Pick<FieldTest, 'op' | 'value'>;

/** The operator with its value, or what is wrong with the value. */
function testOf(op: (typeof conditionOperators)[number], value: unknown): Test | string {
  switch (op) {
    case '$eq':
    case '$ne':
      return isScalar(value) ? { op, value } : `${op} compares with text, a number, true or false`;
    case '$in':
    case '$nin':
      return Array.isArray(value) && value.every(isScalar) ? { op, value } : `${op} takes a list of values`;
    case '$regex':
      return typeof value === 'string' ? regexTest(value) : '$regex takes a regular expression as text';
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte': {
      const limit = isScalar(value) && value !== '' ? Number(value) : Number.NaN;
      return Number.isNaN(limit) ? `${op} compares with a number` : { op, value: limit };
    }
    case '$exists':
      return typeof value === 'boolean' ? { op, value } : '$exists takes true or false';
  }
}

function regexTest(text: string): Test | string {
  try {
    // `(?i)` at the start is how most other languages say it.
    const isFolded = text.startsWith('(?i)');
    return { op: '$regex', value: new RegExp(isFolded ? text.slice(4) : text, isFolded ? 'iu' : 'u') };
  } catch (thrown) {
    return `this is not a regular expression: ${thrown instanceof Error ? thrown.message : ''}`;
  }
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
