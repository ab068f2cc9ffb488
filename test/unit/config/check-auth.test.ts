import { describe, expect, it } from 'vitest';
import { isAuthOn } from '../../../src/config/check-auth.ts';
import { loadText, problemsOf } from './load-text.ts';

const key = 'keys: [{ name: a, key: b }]';

describe('auth', () => {
  it.each([
    ['', false],
    ['auth: { enabled: false }', false],
    [`auth: { ${key} }`, true],
    [`auth: { enabled: true, ${key} }`, true],
    [`auth: { enabled: false, ${key} }`, false],
    [`server: { skip_auth: true }\nauth: { ${key} }`, false],
    [`server: { skip_auth: false }\nauth: { ${key} }`, true],
    ['server: { skip_auth: true }\nauth: { enabled: false }', false],
  ])('of %j is on: %s', (text, isOn) => {
    expect(isAuthOn(loadText(text).config)).toBe(isOn);
  });

  it.each([
    `server: { skip_auth: true }\nauth: { enabled: true, ${key} }`,
    `server: { skip_auth: false }\nauth: { enabled: false, ${key} }`,
    'auth: { enabled: true }',
    'auth: { enabled: true, keys: [] }',
    'server: { skip_auth: false }',
    'server: { host: 0.0.0.0, skip_auth: true }',
    `server: { host: 0.0.0.0, skip_auth: true }\nauth: { ${key} }`,
  ])('refuses %j once', (text) => {
    expect(problemsOf(() => loadText(text))).toHaveLength(1);
  });

  it('does not take a key with a mistake in it for none', () => {
    expect(problemsOf(() => loadText('auth: { enabled: true, keys: [{ name: a, key: 1 }] }'))).toEqual([
      'router.yaml:1:47  expected text, found a number  put it in quotes',
    ]);
  });
});
