import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/core/errors.ts';
import { classifyError, errorRenderer as messagesErrors } from '../../../../src/protocols/anthropic-messages/errors.ts';
import { candidate } from './samples.ts';

function envelope(type: string, message: string): string {
  return JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_011' });
}

describe('an upstream’s error', () => {
  it.each([
    [400, 'invalid_request_error', 'messages.0: bad', 'upstream_rejected', 400, 'never'],
    [
      400,
      'invalid_request_error',
      'prompt is too long: 210000 tokens > 200000 maximum',
      'upstream_context',
      400,
      'larger',
    ],
    [
      400,
      'invalid_request_error',
      'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000',
      'upstream_context',
      400,
      'larger',
    ],
    [
      400,
      'invalid_request_error',
      'Your credit balance is too low to access the Anthropic API.',
      'upstream_unauthorized',
      502,
      'next',
    ],
    [400, 'invalid_request_error', "role 'system' is not supported on this model", 'upstream_incapable', 400, 'next'],
    [401, 'authentication_error', 'invalid x-api-key', 'upstream_unauthorized', 502, 'next'],
    [402, 'billing_error', 'pay', 'upstream_unauthorized', 502, 'next'],
    [403, 'permission_error', 'no', 'upstream_unauthorized', 502, 'next'],
    [404, 'not_found_error', 'model: claude-x', 'upstream_model_missing', 404, 'next'],
    [413, 'request_too_large', 'too large', 'upstream_rejected', 413, 'never'],
    [409, 'conflict_error', 'again', 'upstream_busy', 409, 'next'],
    [429, 'rate_limit_error', 'slow down', 'upstream_rate_limited', 429, 'next'],
    [500, 'api_error', 'oops', 'upstream_failed', 502, 'next'],
    [503, 'api_error', 'loading', 'upstream_busy', 503, 'next'],
    [504, 'timeout_error', 'slow', 'upstream_timeout', 504, 'next'],
    [529, 'overloaded_error', 'Overloaded', 'upstream_busy', 529, 'next'],
    [200, 'overloaded_error', 'Overloaded', 'upstream_busy', 529, 'next'],
    [200, 'rate_limit_error', 'slow down', 'upstream_rate_limited', 429, 'next'],
  ])('%s %s "%s" is %s', (status, type, message, code, expectedStatus, retry) => {
    const error = classifyError(status, {}, envelope(type, message), candidate());
    expect(error).toMatchObject({ code, status: expectedStatus, retry, message });
  });

  it('about a wrong path points at the base URL', () => {
    const error = classifyError(404, {}, envelope('not_found_error', 'Not Found'), candidate());
    expect(error).toMatchObject({ code: 'upstream_failed', hint: expect.stringContaining('base URL') });
  });

  it('in another envelope is read as a local server means it', () => {
    const body = JSON.stringify({ error: { message: "model 'qwen' not found", type: 'not_found_error' } });
    expect(classifyError(404, {}, body, candidate('qwen')).code).toBe('upstream_model_missing');
  });

  it('about the account behind our key counts as its credential', () => {
    const details = { error_code: 'organization_on_hold' };
    const body = JSON.stringify({
      type: 'error',
      error: { type: 'invalid_request_error', message: 'on hold', details },
    });
    expect(classifyError(400, {}, body, candidate())).toMatchObject({ code: 'upstream_unauthorized', status: 502 });
  });

  it.each([
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT', date: 'Wed, 21 Oct 2026 07:28:00 GMT' }, 30_000],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('waits as %j says', (headers, expected) => {
    expect(classifyError(429, headers, envelope('rate_limit_error', 'x'), candidate()).retryAfterMs).toBe(expected);
  });

  it.each(['<html>Bad gateway</html>', '', '{"detail":1}', '"text"', '{"error":"plain"}'])(
    'is readable from the body %j',
    (body) => {
      const error = classifyError(502, {}, body, candidate());
      expect(error.code).toBe('upstream_failed');
      expect(error.message).not.toBe('');
    },
  );

  it('reaches the client without credentials', () => {
    const body = envelope('authentication_error', 'invalid key sk-ant-api03-abcdefghijkl');
    expect(classifyError(401, {}, body, candidate()).message).not.toContain('abcdefghijkl');
  });
});

describe('our envelope', () => {
  const facts = { requestId: 'req_1', attempts: [] };

  it.each([
    ['bad_request', 'invalid_request_error'],
    ['unauthorized', 'authentication_error'],
    ['forbidden', 'permission_error'],
    ['model_not_found', 'not_found_error'],
    ['too_large', 'request_too_large'],
    ['unsupported_media', 'invalid_request_error'],
    ['rate_limited', 'rate_limit_error'],
    ['not_ready', 'overloaded_error'],
    ['upstream_timeout', 'timeout_error'],
    ['upstream_failed', 'api_error'],
    ['internal', 'api_error'],
  ] as const)('has type and code for %s', (code, type) => {
    expect(messagesErrors.body(new GatewayError(code, 'why'), facts)).toEqual({
      type: 'error',
      error: { type, message: 'why', code, source: expect.stringMatching(/client|gateway|upstream/) },
      request_id: 'req_1',
    });
  });

  it('names the field, the hint and the attempts', () => {
    const error = new GatewayError('bad_request', 'why', { param: 'messages', hint: 'do this' });
    const attempts = [{ provider: 'ollama', code: 'upstream_connect', ms: 3 }];
    expect(messagesErrors.body(error, { requestId: 'r', attempts })).toMatchObject({
      error: { param: 'messages', hint: 'do this', attempts },
    });
  });
});
