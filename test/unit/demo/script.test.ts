import { expect, it } from 'vitest';
import { type FaultScript, readScript } from '../../../src/demo/script.ts';

const calm: FaultScript = { status: undefined, retryAfter: undefined, delayMs: 0, cutAfter: undefined, silence: false };

it.each([
  ['', { status: 503 }],
  ['please fail', { status: 503 }],
  ['status=429 retry_after=2', { status: 429, retryAfter: 2 }],
  ['status 500', { status: 500 }],
  ['delay=500ms', { delayMs: 500 }],
  ['delay 2s', { delayMs: 2_000 }],
  ['cut=3', { cutAfter: 3 }],
  ['silence', { silence: true }],
  ['delay=1s then status: 529', { delayMs: 1_000, status: 529 }],
])('%j', (text, wish) => {
  expect(readScript({}, text)).toEqual({ ...calm, ...wish });
});

it('prefers the field to the words', () => {
  expect(readScript({ demo: { status: 418, delay: 250 } }, 'status=500')).toEqual({
    ...calm,
    status: 418,
    delayMs: 250,
  });
});
