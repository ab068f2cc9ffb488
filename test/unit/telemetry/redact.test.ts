import { describe, expect, test } from 'vitest';
import { redact } from '../../../src/telemetry/redact.ts';

describe('what a client may not see', () => {
  test.each([
    ['Incorrect API key provided: sk-proj-abcdefgh12345678.', 'Incorrect API key provided: ***.'],
    ['header Authorization: Bearer abc.def-123, sent', 'header Authorization: Bearer ***, sent'],
    [
      'https://x.example/v1beta/models?key=AIzaSyAbcdefgh12345&alt=sse',
      'https://x.example/v1beta/models?key=***&alt=sse',
    ],
    ['{"api_key": "verysecretvalue"}', '{"api_key": "***"}'],
    ['x-api-key: 0123456789', 'x-api-key: ***'],
    ['token eyJhbGciOi.eyJzdWIiOiIx.c2lnbmF0dXJl is expired', 'token *** is expired'],
    ['AKIAIOSFODNN7EXAMPLE', '***'],
    ['failed to load /home/ann/models/llama.gguf: no such file', 'failed to load [path]: no such file'],
    ["can't open '/Users/Ann/.ollama/id'", "can't open '[path]'"],
    ['model path=/mnt/disk/a.bin', 'model path=[path]'],
    ['open C:\\Users\\Ann\\model.gguf failed', 'open [path] failed'],
    ['file:///etc/router/secrets.yaml', '[path]'],
  ])('%s', (text, expected) => {
    expect(redact(text)).toBe(expected);
  });
});

describe('what a client needs stays', () => {
  test.each([
    'Unexpected endpoint or method. (POST /v1/chat/completions)',
    'see https://platform.openai.com/account/api-keys for more',
    "model 'library/llama3.1' not found",
    'type must be number, but is string',
    'The monkey=banana rule and/or others',
    'no token left after 5 tokens',
    'POST /api/chat 404',
    'one / or a/b',
  ])('%s', (text) => {
    expect(redact(text)).toBe(text);
  });
});
