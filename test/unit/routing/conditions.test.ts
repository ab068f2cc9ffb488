import { describe, expect, it } from 'vitest';
import { type Condition, condition } from '../../../src/config/conditions.ts';
import { holds } from '../../../src/routing/conditions.ts';

const request: Readonly<Record<string, unknown>> = {
  model: 'gpt-4o',
  stream: true,
  tokens: 120,
  user: 'ann',
  'metadata.tier': 'gold',
  'metadata.level': '7',
  'headers.x-team': ['a', 'b'],
};

function parsed(text: unknown): Condition {
  return condition.parse(text);
}

const check = (text: unknown) => holds(parsed(text), (field) => request[field]);

describe('a condition', () => {
  it.each([
    ['model', '$eq', 'gpt-4o', true],
    ['model', '$eq', 'gpt', false],
    ['stream', '$eq', true, true],
    ['stream', '$eq', 'true', true],
    ['metadata.level', '$eq', 7, true],
    ['model', '$ne', 'gpt-4o', false],
    ['metadata.none', '$ne', 'x', true],
    ['metadata.tier', '$in', ['silver', 'gold'], true],
    ['metadata.tier', '$in', [], false],
    ['metadata.none', '$nin', ['x'], true],
    ['metadata.tier', '$nin', ['gold'], false],
    ['model', '$regex', '^gpt-', true],
    ['model', '$regex', '(?i)^GPT-4', true],
    ['metadata.none', '$regex', '.*', false],
    ['tokens', '$gt', 119, true],
    ['tokens', '$gt', 120, false],
    ['tokens', '$gte', 120, true],
    ['tokens', '$lt', 120, false],
    ['tokens', '$lte', '120', true],
    // What is no number is neither more nor less than one.
    ['model', '$lt', 5, false],
    ['metadata.none', '$lte', 5, false],
    ['user', '$exists', true, true],
    ['metadata.none', '$exists', false, true],
    ['metadata.none', '$exists', true, false],
    // A list is not a value.
    ['headers.x-team', '$eq', 'a,b', false],
  ] as const)('%s %s %j is %s', (field, op, value, expected) => {
    expect(check({ field, op, value })).toBe(expected);
  });

  it('takes operators without their dollar', () => {
    expect(check({ field: 'tokens', op: 'gt', value: 1 })).toBe(true);
  });

  it('is joined by $and, $or and $not', () => {
    const yes = { field: 'stream', op: '$eq', value: true };
    const no = { field: 'stream', op: '$eq', value: false };
    expect(check({ $and: [yes, { $not: no }] })).toBe(true);
    expect(check({ $and: [yes, no] })).toBe(false);
    expect(check({ $or: [no, { $or: [no, yes] }] })).toBe(true);
    expect(check({ $not: { $or: [no, yes] } })).toBe(false);
  });

  it.each([
    ['text', [], /expected a condition/],
    [undefined, [], /expected a condition/],
    [{ field: 'modle', op: '$eq', value: 'x' }, ['field'], /"modle"/],
    [{ field: 'metadata.', op: '$eq', value: 'x' }, ['field'], /"metadata\."/],
    [{ field: 'model', op: '$like', value: 'x' }, ['op'], /"\$like"/],
    [{ field: 'model', op: '$in', value: 'x' }, ['value'], /takes a list/],
    [{ field: 'model', op: '$regex', value: '(' }, ['value'], /not a regular expression/],
    [{ field: 'tokens', op: '$gt', value: 'many' }, ['value'], /a number/],
    [{ field: 'user', op: '$exists', value: 'yes' }, ['value'], /true or false/],
    [{ field: 'user', op: '$eq', value: 'x', extra: 1 }, ['extra'], /unknown setting "extra"/],
    [{ $and: [] }, ['$and'], /at least one/],
    [{ $xor: [] }, ['$xor'], /"\$xor"/],
    [{ $not: { $and: [{ field: 'a', op: '$eq', value: 1 }] } }, ['$not', '$and', 0, 'field'], /"a"/],
    [{ $not: {}, $and: [] }, [], /must stand alone/],
  ])('%j is told at %j', (text, path, message) => {
    const result = condition.safeParse(text);
    expect(result.error?.issues.map((issue) => issue.path)).toContainEqual(path);
    expect(result.error?.issues[0]?.message).toMatch(message);
  });

  it('is told when it is nested without end', () => {
    let deep: unknown = { field: 'user', op: '$exists', value: true };
    for (let depth = 0; depth < 100; depth++) deep = { $not: deep };
    expect(condition.safeParse(deep).error?.issues[0]?.message).toMatch(/too deeply/);
  });
});
