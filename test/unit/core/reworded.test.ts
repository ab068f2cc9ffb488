import { expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';

const fields = {
  status: 429,
  retry: 'larger',
  detail: 'a secret in detail',
  hint: 'do this',
  retryAfterMs: 7,
  param: 'secret.field',
  upstreamStatus: 418,
  mayHaveBegun: true,
} as const;

it('changes the texts of an error and nothing else', () => {
  const error = new GatewayError('upstream_busy', 'a secret', { ...fields, cause: new Error('secret') });
  const other = error.reworded((text) => text.replace('secret', '***'));
  expect({ ...other }).toEqual({ ...error, detail: 'a *** in detail', param: '***.field' });
  expect([other.message, other.cause]).toEqual(['a ***', undefined]);
});

it('is the same error when no text changes', () => {
  const error = new GatewayError('upstream_busy', 'busy', fields);
  expect(error.reworded((text) => text)).toBe(error);
});
