import { describe, expect, test } from 'vitest';
import { type ErrorCode, errorCatalogue, GatewayError } from '../../../../src/core/errors.ts';
import { classifyError, errorRenderer } from '../../../../src/protocols/gemini/errors.ts';
import { readFixture } from '../../../support/read-fixture.ts';
import { targetOf } from './samples.ts';

const target = targetOf('gemini-2.5-flash');
const classify = (status: number, body: string, headers = {}) => classifyError(status, headers, body, target);
const error = (code: number, status: string, message: string, details: readonly object[] = []) =>
  JSON.stringify({ error: { code, message, status, details } });

describe('classification', () => {
  test('a rate limit tells how long to wait', () => {
    expect(classify(429, readFixture('gemini/rate-limited.json').toString())).toMatchObject({
      code: 'upstream_rate_limited',
      status: 429,
      retryAfterMs: 47_500,
      retry: 'next',
    });
  });

  test('a wait that stands in the text alone', () => {
    const body = error(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded. Please retry in 1.25s.');
    expect(classify(429, body).retryAfterMs).toBe(1250);
  });

  test('an unknown key is a credential error although it is a 400', () => {
    expect(classify(400, readFixture('gemini/bad-key.json').toString())).toMatchObject({
      code: 'upstream_unauthorized',
      status: 502,
      upstreamStatus: 400,
    });
  });

  test.each<[number, string, string, ErrorCode, number]>([
    [
      400,
      'INVALID_ARGUMENT',
      'The input token count (134123) exceeds the maximum number of tokens allowed (131072).',
      'upstream_context',
      400,
    ],
    [
      400,
      'INVALID_ARGUMENT',
      "Function calling with a response mime type: 'application/json' is unsupported",
      'upstream_incapable',
      400,
    ],
    [
      400,
      'INVALID_ARGUMENT',
      'Developer instruction is not enabled for models/gemma-3-27b-it',
      'upstream_incapable',
      400,
    ],
    [
      400,
      'INVALID_ARGUMENT',
      'Function call is missing a thought_signature in functionCall parts.',
      'upstream_incapable',
      400,
    ],
    [400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.', 'upstream_incapable', 400],
    [400, 'INVALID_ARGUMENT', 'Invalid value at contents[0].role', 'upstream_rejected', 400],
    [401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.', 'upstream_unauthorized', 502],
    [403, 'PERMISSION_DENIED', "Method doesn't allow unregistered callers", 'upstream_unauthorized', 502],
    [404, 'NOT_FOUND', 'models/nope is not found for API version v1beta', 'upstream_model_missing', 404],
    [500, 'INTERNAL', 'An internal error has occurred.', 'upstream_failed', 502],
    [503, 'UNAVAILABLE', 'The model is overloaded.', 'upstream_busy', 503],
    [504, 'DEADLINE_EXCEEDED', 'The request timed out.', 'upstream_timeout', 504],
  ])('%s %s %s', (status, word, message, code, ours) => {
    expect(classify(status, error(status, word, message))).toMatchObject({ code, message, status: ours });
  });

  test('an error in a 200 goes by its own code', () => {
    expect(classify(200, error(503, 'UNAVAILABLE', 'later'))).toMatchObject({ code: 'upstream_busy', status: 503 });
  });

  test.each(['<html><style>x{}</style><h1>Error 502</h1> Try again</html>', ''])(
    'a body that is no JSON: %s',
    (body) => {
      const classified = classify(502, body);
      expect(classified.code).toBe('upstream_failed');
      expect(classified.message).toBe(body === '' ? 'google answered 502 without saying why.' : 'Error 502 Try again');
    },
  );

  test('credentials in the text are redacted', () => {
    const key = `AIza${'x'.repeat(35)}`;
    expect(classify(400, error(400, 'INVALID_ARGUMENT', `bad ${key}`)).message).not.toContain(key);
  });
});

describe('rendering', () => {
  test('every code has an envelope', () => {
    for (const code of Object.keys(errorCatalogue) as ErrorCode[]) {
      const { status } = new GatewayError(code, 'm');
      const body = errorRenderer.body(new GatewayError(code, 'm'), { requestId: 'q', attempts: [] });
      expect(body).toMatchObject({ error: { code: status, message: 'm', status: expect.stringMatching(/^[A-Z_]+$/) } });
    }
  });

  test('as the end of a stream, in its framing', () => {
    const broken = new GatewayError('stream_broken', 'm');
    const facts = { requestId: 'q', attempts: [] };
    const body = errorRenderer.body(broken, facts);
    expect(errorRenderer.streamEvent(broken, facts, 'sse')).toBe(`data: ${JSON.stringify(body)}\n\n`);
    expect(JSON.parse(errorRenderer.streamEvent(broken, facts, 'json-array'))).toEqual([body]);
  });

  test('what we know is in the details', () => {
    const thrown = new GatewayError('rate_limited', 'Slow down.', { retryAfterMs: 1500, hint: 'Wait.', param: 'x' });
    const attempts = [{ provider: 'a', code: 'upstream_busy', ms: 3 }];
    expect(errorRenderer.body(thrown, { requestId: 'q', attempts })).toEqual({
      error: {
        code: 429,
        message: 'Slow down.',
        status: 'RESOURCE_EXHAUSTED',
        details: [
          {
            '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
            reason: 'RATE_LIMITED',
            domain: 'router',
            metadata: { source: 'gateway', hint: 'Wait.' },
          },
          { '@type': 'type.googleapis.com/google.rpc.RequestInfo', requestId: 'q' },
          {
            '@type': 'type.googleapis.com/google.rpc.BadRequest',
            fieldViolations: [{ field: 'x', description: 'Slow down.' }],
          },
          { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.5s' },
        ],
        attempts,
      },
    });
  });
});
