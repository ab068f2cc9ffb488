import type { Condition, FieldTest } from '../config/conditions.ts';

/** The value of a field of the request; undefined when it has none. */
export type ReadField = (field: string) => unknown;

/** Longer values are only looked at up to here. Characters. */
const maxLength = 4_096;

/** Whether a request fulfils a condition. Values are compared as text, so that `true` and "true" are the same. */
export function holds(condition: Condition, read: ReadField): boolean {
  if ('$and' in condition) return condition.$and.every((one) => holds(one, read));
  if ('$or' in condition) return condition.$or.some((one) => holds(one, read));
  if ('$not' in condition) return !holds(condition.$not, read);
  return passes(condition, read(condition.field));
}

function passes(test: FieldTest, value: unknown): boolean {
  switch (test.op) {
    case '$exists':
      return (value !== undefined && value !== null) === test.value;
    case '$eq':
      return isSame(value, test.value);
    case '$ne':
      return !isSame(value, test.value);
    case '$in':
      return test.value.some((one) => isSame(value, one));
    case '$nin':
      return !test.value.some((one) => isSame(value, one));
    case '$regex':
      return isText(value) && test.value.test(String(value).slice(0, maxLength));
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return compares(test.op, numberOf(value), test.value);
  }
}

function isText(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isSame(value: unknown, wanted: string | number | boolean): boolean {
  return isText(value) && String(value) === String(wanted);
}

/** NaN for what is not a number: it is neither more nor less than anything. */
function numberOf(value: unknown): number {
  return isText(value) && value !== '' ? Number(value) : Number.NaN;
}

function compares(op: '$gt' | '$gte' | '$lt' | '$lte', value: number, limit: number): boolean {
  switch (op) {
    case '$gt':
      return value > limit;
    case '$gte':
      return value >= limit;
    case '$lt':
      return value < limit;
    case '$lte':
      return value <= limit;
  }
}
