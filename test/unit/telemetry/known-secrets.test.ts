import { describe, expect, it } from 'vitest';
import { KnownSecrets } from '../../../src/telemetry/known-secrets.ts';

const secret = 'Tr0ub4dor/&3 "correct" häst+battery';
const plain = 'Zq7mVt2KwX9pLr4b';

function clean(text: string, ...secrets: readonly string[]): string {
  return new KnownSecrets(secrets).redact(text);
}

describe('a secret of no known form is found', () => {
  it.each([
    ['as it is', `bad key ${plain}, sorry`, 'bad key ***, sorry'],
    ['twice', `${plain} is not ${plain}`, '*** is not ***'],
    ['within a word', `key${plain}s`, 'key***s'],
    ['in another case', `KEY ${plain.toUpperCase()}`, 'KEY ***'],
    ['cut off', `key ${plain.slice(0, 9)} is`, 'key *** is'],
    ['without its beginning', `ends in ${plain.slice(-8)}`, 'ends in ***'],
    ['masked in the middle', `key ${plain.slice(0, 3)}****${plain.slice(-3)}.`, 'key ***.'],
    ['masked but for its end', `key ********${plain.slice(-4)}`, 'key ***'],
    ['with dots', `key ${plain.slice(0, 4)}... and ${plain.slice(0, 5)}…`, 'key *** and ***'],
    ['in base64', `auth ${Buffer.from(plain).toString('base64')}`, 'auth ***=='],
    ['in hexadecimal', `bytes ${Buffer.from(plain).toString('hex')}!`, 'bytes ***!'],
  ])('%s', (_name, text, expected) => {
    expect(clean(text, plain)).toBe(expected);
  });

  it.each([
    ['JSON', JSON.stringify({ key: secret })],
    ['JSON within JSON', JSON.stringify({ error: JSON.stringify({ key: secret }) })],
    ['JSON with escaped slashes', JSON.stringify(secret).replaceAll('/', '\\/')],
    ['a URL', `https://h/?key=${encodeURIComponent(secret)}&alt=sse`],
    ['a form', new URLSearchParams({ key: secret }).toString()],
    ['HTML', secret.replaceAll('&', '&amp;').replaceAll('"', '&quot;')],
    ['base64', Buffer.from(secret).toString('base64')],
    ['base64 after something', Buffer.from(`x:${secret}`).toString('base64')],
    ['base64 between something', Buffer.from(`user ${secret}\n`).toString('base64url')],
    ['escapes', [...secret].map((one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')],
  ])('in %s', (_name, text) => {
    const left = clean(text, secret);
    expect(left).toContain('***');
    expect(left).not.toMatch(/Tr0ub|correct|battery|h%C3%A4st/i);
    const [kept = ''] = left.split('***').toSorted((one, other) => other.length - one.length);
    expect(Buffer.from(kept, 'base64').toString('latin1')).not.toMatch(/Tr0ub|correct|battery/);
  });

  it('beside others', () => {
    expect(clean('first-secret-1 and second-secret-2', 'first-secret-1', 'second-secret-2')).toBe('*** and ***');
  });
});

describe('what is not secret stays', () => {
  it.each([
    'model "llama3.1" not found, try pulling it first',
    'see https://platform.example.com/docs/errors... for more',
    'xxxx and ---- and ****',
    '',
    'ollama answered 500.',
  ])('%s', (text) => {
    expect(clean(text, plain, 'ollama', 'k', 'LM-Studio', '')).toBe(text);
  });
});

it('a long text costs time in proportion', () => {
  const text = 'a'.repeat(500_000) + 'x'.repeat(500_000) + '*_'.repeat(100_000);
  const startedAt = performance.now();
  expect(clean(text, plain).length).toBe(text.length);
  // A second by far enough for what takes a fifth of one; what grows with the square takes minutes.
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});
