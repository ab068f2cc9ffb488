import { describe, expect, test } from 'vitest';
import { type ErrorCode, errorCatalogue, GatewayError } from '../../../../src/core/errors.ts';
import { classifyError, isErrorBody, errorRenderer as openaiErrors } from '../../../../src/protocols/openai/errors.ts';
import { readCapture } from '../../../support/read-fixture.ts';
import { candidate } from '../openai-chat/samples.ts';

function classifyCapture(name: string) {
  const { status, headers, body } = readCapture(name);
  const lower = Object.fromEntries(headers.map(([field, value]) => [field.toLowerCase(), value]));
  return classifyError(status, lower, body.toString('utf8'), candidate({ type: 'openai' }));
}

const classify = (status: number, body: unknown, headers = {}) =>
  classifyError(status, headers, typeof body === 'string' ? body : JSON.stringify(body), candidate());

describe('failures of llama.cpp', () => {
  test.each<[capture: string, code: ErrorCode, status: number]>([
    ['bad-json', 'upstream_rejected', 400],
    ['empty-body', 'upstream_rejected', 400],
    ['message-without-role', 'upstream_rejected', 400],
    ['chat-tool-bad-400', 'upstream_rejected', 400],
    ['missing-messages', 'upstream_rejected', 400],
    ['messages-no-messages', 'upstream_rejected', 400],
    ['bad-max-tokens-type', 'upstream_rejected', 400],
    ['chat-response-format-unknown', 'upstream_rejected', 400],
    ['embed-too-long', 'upstream_rejected', 400],
    ['chat-image-unsupported', 'upstream_incapable', 400],
    ['audio-unsupported', 'upstream_incapable', 501],
    ['embeddings-not-enabled', 'upstream_incapable', 501],
    ['context-overflow', 'upstream_context', 400],
    ['shared-500', 'upstream_busy', 503],
    ['loading-chat-503', 'upstream_busy', 503],
    ['key-chat-wrong-401', 'upstream_unauthorized', 502],
    ['router-chat-unknown-model', 'upstream_model_missing', 404],
    ['not-found-404', 'upstream_failed', 502],
    ['router-child-killed-chat', 'upstream_failed', 502],
  ])('%s is %s', (capture, code, status) => {
    expect(classifyCapture(capture)).toMatchObject({ code, status });
  });

  test('the same words in a 500 of another server are its failure', () => {
    const body = { error: { message: 'Failed to parse the response of the backend' } };
    expect(classify(500, body).code).toBe('upstream_failed');
  });
});

describe('failures of other servers', () => {
  test.each<[what: string, status: number, body: unknown, code: ErrorCode, message: string]>([
    [
      'Ollama without the model',
      404,
      { error: { message: "model 'x' not found", type: 'not_found_error', param: null, code: null } },
      'upstream_model_missing',
      "model 'x' not found",
    ],
    ['Ollama on a wrong path', 404, '404 page not found', 'upstream_failed', '404 page not found'],
    ['Ollama refusing the Host', 403, '', 'upstream_unauthorized', 'sample answered 403.'],
    [
      'Ollama whose model has no tools',
      400,
      { error: { message: 'registry.ollama.ai/library/gemma does not support tools', type: 'api_error' } },
      'upstream_incapable',
      'registry.ollama.ai/library/gemma does not support tools',
    ],
    [
      'a full queue',
      503,
      { error: 'server busy, please try again.' },
      'upstream_busy',
      'server busy, please try again.',
    ],
    [
      'vLLM without the model',
      404,
      { error: { message: 'The model `x` does not exist.', type: 'NotFoundError', param: 'model', code: 404 } },
      'upstream_model_missing',
      'The model `x` does not exist.',
    ],
    ['vLLM on a wrong path', 404, { detail: 'Not Found' }, 'upstream_failed', 'Not Found'],
    ['vLLM without a key', 401, { error: 'Unauthorized' }, 'upstream_unauthorized', 'Unauthorized'],
    [
      'vLLM with a long prompt',
      400,
      {
        object: 'error',
        message: "This model's maximum context length is 4096 tokens.",
        type: 'BadRequestError',
        code: 400,
      },
      'upstream_context',
      "This model's maximum context length is 4096 tokens.",
    ],
    [
      'vLLM without a tool parser',
      400,
      { error: { message: '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set' } },
      'upstream_incapable',
      '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
    ],
    [
      'LM Studio without a model',
      404,
      {
        error: {
          message: 'No models loaded. Please load a model.',
          type: 'invalid_request_error',
          code: 'model_not_found',
        },
      },
      'upstream_model_missing',
      'No models loaded. Please load a model.',
    ],
    [
      'LM Studio asked for json_object',
      400,
      { error: "'response_format.type' must be 'json_schema' or 'text'" },
      'upstream_incapable',
      "'response_format.type' must be 'json_schema' or 'text'",
    ],
    [
      'LM Studio on a wrong path',
      200,
      { error: 'Unexpected endpoint or method. (POST /chat)' },
      'upstream_failed',
      'Unexpected endpoint or method. (POST /chat)',
    ],
    ['FastAPI complaining', 422, { detail: [{ msg: 'Field required' }] }, 'upstream_rejected', 'Field required'],
    [
      'OpenAI with a long prompt',
      400,
      {
        error: {
          message: 'Too long.',
          type: 'invalid_request_error',
          code: 'context_length_exceeded',
          param: 'messages',
        },
      },
      'upstream_context',
      'Too long.',
    ],
    [
      'a wrong key called a bad request',
      400,
      { error: { message: 'Incorrect API key provided: sk-abc***xyz.' } },
      'upstream_unauthorized',
      'Incorrect API key provided: ***.',
    ],
    ['a rate limit', 429, { error: { message: 'Slow down.' } }, 'upstream_rate_limited', 'Slow down.'],
    [
      "Groq's limit on tokens a minute",
      413,
      { error: { message: 'Request too large for model', type: 'tokens', code: 'rate_limit_exceeded' } },
      'upstream_rate_limited',
      'Request too large for model',
    ],
    ['an overloaded provider', 529, { error: { message: 'Overloaded' } }, 'upstream_busy', 'Overloaded'],
    ['a timeout of its own', 408, '', 'upstream_busy', 'sample answered 408.'],
    ['a page of HTML', 502, '<html><title>502 Bad Gateway</title><p>…', 'upstream_failed', '502 Bad Gateway'],
    ['a redirect', 302, '', 'upstream_failed', 'sample answered 302.'],
    ['nothing readable', 500, '', 'upstream_failed', 'sample answered 500.'],
  ])('%s', (_, status, body, code, message) => {
    expect(classify(status, body)).toMatchObject({ code, message });
  });

  test('keep the status that the client is to see', () => {
    expect([408, 409, 425, 529].map((status) => classify(status, '').status)).toEqual([408, 409, 425, 529]);
    expect(classify(422, {}).status).toBe(422);
    expect(classify(403, '')).toMatchObject({ status: 502, upstreamStatus: 403 });
  });

  test('name the field', () => {
    expect(classify(400, { error: { message: 'no', param: 'top_p' } }).param).toBe('top_p');
  });

  test('an error in a 200 has the status that its code says', () => {
    expect(classify(200, { error: { message: 'no', code: 429 } }).code).toBe('upstream_rate_limited');
    expect(classify(200, { error: { message: 'no', code: '503' } }).code).toBe('upstream_busy');
    expect(classify(200, { error: { message: 'no', type: 'overloaded_error' } }).code).toBe('upstream_busy');
    expect(classify(200, { error: { message: 'no', type: 'invalid_request_error' } })).toMatchObject({
      code: 'upstream_rejected',
      status: 400,
    });
  });

  test('pass on how long to wait', () => {
    expect(classify(429, '', { 'retry-after': '7' }).retryAfterMs).toBe(7000);
    expect(classify(503, '', { 'retry-after-ms': '250', 'retry-after': '7' }).retryAfterMs).toBe(250);
  });

  test('show neither credentials nor paths', () => {
    const body = { error: { message: 'cannot read /home/ann/models/a.gguf with Bearer abcdef' } };
    expect(classify(500, body).message).toBe('cannot read [path] with Bearer ***');
  });
});

test('an error of null, false or nothing is none', () => {
  expect([{ error: null }, { error: false }, { error: '' }, {}].map(isErrorBody)).toEqual([false, false, false, false]);
  expect([{ error: 'no' }, { error: {} }, { object: 'error' }].map(isErrorBody)).toEqual([true, true, true]);
});

describe('our own errors', () => {
  const facts = { requestId: 'req_1', attempts: [{ provider: 'ollama', code: 'upstream_connect', ms: 3 }] };

  test('have the envelope that the SDK reads', () => {
    const error = new GatewayError('bad_request', "'n' must be a number.", { param: 'n', hint: 'Leave it out.' });
    expect(openaiErrors.body(error, { requestId: 'req_1', attempts: [] })).toEqual({
      error: {
        message: "'n' must be a number.",
        type: 'invalid_request_error',
        param: 'n',
        code: 'bad_request',
        source: 'client',
        hint: 'Leave it out.',
        request_id: 'req_1',
      },
    });
  });

  test('list what was tried', () => {
    const body = openaiErrors.body(new GatewayError('upstream_failed', 'no'), facts);
    expect(body).toMatchObject({ error: { type: 'server_error', attempts: facts.attempts } });
  });

  test('end a stream as an event without end marker', () => {
    const event = openaiErrors.streamEvent(new GatewayError('stream_broken', 'gone'), facts);
    expect(event).toMatch(/^data: \{"error":\{"message":"gone".*\}\n\n$/);
    expect(event).not.toContain('[DONE]');
  });

  test.each(Object.keys(errorCatalogue) as ErrorCode[])('%s has a type and a code', (code) => {
    const { error } = openaiErrors.body(new GatewayError(code, 'm'), facts) as { error: Record<string, unknown> };
    expect(error).toMatchObject({ message: 'm', param: null, type: expect.stringMatching(/_error$/) });
    expect(error.code).toEqual(expect.any(String));
  });

  test.each<[ErrorCode, string]>([
    ['unauthorized', 'invalid_api_key'],
    ['model_not_found', 'model_not_found'],
    ['upstream_context', 'context_length_exceeded'],
    ['upstream_rate_limited', 'rate_limit_exceeded'],
  ])('%s has the code that clients look for', (code, expected) => {
    expect(openaiErrors.body(new GatewayError(code, 'm'), facts)).toMatchObject({ error: { code: expected } });
  });
});
