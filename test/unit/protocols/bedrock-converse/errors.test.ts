import { describe, expect, test } from 'vitest';
import { outbound as bedrockOutbound } from '../../../../src/protocols/bedrock-converse/outbound.ts';
import { candidate } from './samples.ts';

function classify(status: number, exception: string, message: string, headers: Readonly<Record<string, string>> = {}) {
  const type = { 'x-amzn-errortype': `${exception}:http://internal.amazon.com/coral/com.amazon.bedrock/`, ...headers };
  return bedrockOutbound.classifyError(status, type, JSON.stringify({ message }), candidate());
}

describe('an exception', () => {
  test.each([
    [429, 'ThrottlingException', 'Too many tokens, please wait before trying again.', 'upstream_rate_limited', 429],
    [400, 'ServiceQuotaExceededException', 'Your request exceeds the service quota.', 'upstream_rate_limited', 429],
    [
      403,
      'AccessDeniedException',
      "You don't have access to the model with the specified model ID.",
      'upstream_unauthorized',
      502,
    ],
    [
      403,
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
      'upstream_unauthorized',
      502,
    ],
    [
      403,
      'ExpiredTokenException',
      'The security token included in the request is expired',
      'upstream_unauthorized',
      502,
    ],
    [400, 'SomeNewSignatureException', 'The request signature is too old.', 'upstream_unauthorized', 502],
    [404, 'ResourceNotFoundException', 'Model not found.', 'upstream_model_missing', 404],
    [429, 'ModelNotReadyException', 'The model is not ready for inference.', 'upstream_busy', 503],
    [503, 'ServiceUnavailableException', 'Bedrock is unable to process your request.', 'upstream_busy', 503],
    [408, 'ModelTimeoutException', 'Model has timed out in processing the request.', 'upstream_timeout', 504],
    [424, 'ModelErrorException', 'The model failed.', 'upstream_failed', 502],
    [500, 'InternalServerException', 'The system encountered an unexpected error.', 'upstream_failed', 502],
    [
      400,
      'ValidationException',
      'The model returned the following errors: prompt is too long: 227255 tokens > 200000 maximum',
      'upstream_context',
      400,
    ],
    [400, 'ValidationException', 'Input is too long for requested model.', 'upstream_context', 400],
    [400, 'ValidationException', 'The provided model identifier is invalid.', 'upstream_model_missing', 404],
    [
      400,
      'ValidationException',
      'Invocation of model ID amazon.nova-2-lite-v1:0 with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model.',
      'upstream_model_missing',
      404,
    ],
    [400, 'ValidationException', "This model doesn't support tool use.", 'upstream_incapable', 400],
    [
      400,
      'ValidationException',
      "This model doesn't support the toolConfig.toolChoice.any field. Remove toolConfig.toolChoice.any and try again.",
      'upstream_incapable',
      400,
    ],
    [400, 'ValidationException', 'A conversation must start with a user message.', 'upstream_rejected', 400],
  ] as const)('%i %s "%s" is %s', (status, exception, message, code, shown) => {
    const error = classify(status, exception, message);
    expect(error).toMatchObject({ code, status: shown, message, upstreamStatus: status });
  });

  test('that lies with the credential says what to check', () => {
    expect(classify(403, 'AccessDeniedException', 'no').hint).toContain('bedrock:InvokeModel');
    expect(classify(403, 'InvalidSignatureException', 'no').hint).toContain('the clock');
  });

  test('may ask for a wait', () => {
    expect(classify(429, 'ThrottlingException', 'slow', { 'retry-after': '2' }).retryAfterMs).toBe(2000);
  });

  test('may be named in the body alone', () => {
    const body = JSON.stringify({ __type: 'com.amazon.coral.service#ThrottlingException', Message: 'slow' });
    const error = bedrockOutbound.classifyError(400, {}, body, candidate());
    expect(error).toMatchObject({ code: 'upstream_rate_limited', message: 'slow' });
  });
});

describe('what is no exception', () => {
  test.each([
    [502, '<html><title>502 Bad Gateway</title></html>', 'upstream_failed', '502 Bad Gateway'],
    [404, '', 'upstream_failed', 'bedrock answered 404.'],
    [403, '{"message":"Forbidden"}', 'upstream_unauthorized', 'Forbidden'],
    [400, '{"message":"constructor"}', 'upstream_rejected', 'constructor'],
  ])('%i %s is %s', (status, body, code, message) => {
    const headers = { 'x-amzn-errortype': status === 400 ? 'constructor' : '' };
    expect(bedrockOutbound.classifyError(status, headers, body, candidate())).toMatchObject({ code, message });
  });
});
