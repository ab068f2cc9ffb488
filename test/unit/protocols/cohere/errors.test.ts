import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../../../src/core/errors.ts';
import { classifyError } from '../../../../src/protocols/cohere/errors.ts';
import { cohere } from './samples.ts';

const target = cohere();
const classify = (status: number, message: string, headers = {}) =>
  classifyError(status, headers, JSON.stringify({ id: 'x', message }), target);

describe('an error of Cohere', () => {
  test.each<[number, string, ErrorCode, number]>([
    [400, 'invalid request: list of documents must not be empty', 'upstream_rejected', 400],
    [
      400,
      'too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292.',
      'upstream_context',
      400,
    ],
    [400, 'too many tokens: size limit exceeded by 11326 tokens.', 'upstream_context', 400],
    [
      400,
      'too many tokens: max tokens must be less than or equal to 4096, the maximum output for this model - received 8192.',
      'upstream_rejected',
      400,
    ],
    [400, 'invalid request: response_format is not supported with RAG.', 'upstream_incapable', 400],
    [400, "invalid request: model 'embed-v4.0' is not supported by the chat API", 'upstream_incapable', 400],
    [401, 'invalid api token', 'upstream_unauthorized', 502],
    [402, 'Please add or update your payment method', 'upstream_unauthorized', 502],
    [403, 'forbidden', 'upstream_unauthorized', 502],
    [404, "model 'command-x' not found, make sure the correct model ID was used", 'upstream_model_missing', 404],
    [404, '404 page not found', 'upstream_failed', 502],
    [422, "unknown field: parameter 'strict' is not a valid field.", 'upstream_rejected', 422],
    [429, 'You are using a Trial key, which is limited to 10 API calls / minute.', 'upstream_rate_limited', 429],
    [498, 'blocked output: please contact support', 'upstream_rejected', 400],
    [499, 'request cancelled by user', 'upstream_failed', 502],
    [500, 'internal server error', 'upstream_failed', 502],
    [501, 'not implemented', 'upstream_incapable', 501],
    [503, 'service unavailable', 'upstream_busy', 503],
    [504, 'gateway timeout', 'upstream_timeout', 504],
  ])('%i "%s" is %s and reaches the client as %i', (status, message, code, clientStatus) => {
    expect(classify(status, message)).toMatchObject({ code, status: clientStatus, upstreamStatus: status, message });
  });

  test('keeps its wait and loses credentials', () => {
    const error = classify(429, 'key co-secret Bearer abcdefgh', { 'retry-after': '7' });
    expect(error).toMatchObject({ retryAfterMs: 7000 });
    expect(error.message).not.toContain('abcdefgh');
  });

  test('is readable whatever stands in its body', () => {
    const message = (body: string) => classifyError(502, {}, body, target).message;
    expect(message('<html><title>Bad Gateway</title></html>')).toBe('Bad Gateway');
    expect(message('upstream reset')).toBe('upstream reset');
    expect(message('')).toBe('cohere answered 502.');
    expect(message('{"error":{"message":"nested"}}')).toBe('nested');
  });
});
