import { expect, it } from 'vitest';
import { errorRenderer } from '../../../../src/protocols/anthropic-messages/errors.ts';
import { tooLongMessage } from '../../../../src/protocols/anthropic-messages/too-long.ts';
import { classifyError } from '../../../../src/protocols/openai/errors.ts';
import { candidate } from '../openai-chat/samples.ts';

const target = candidate();

it.each([
  [
    'Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough. Try to load the model with a larger context length, or provide a shorter input',
    'LM Studio',
  ],
  [
    'The number of tokens to keep from the initial prompt is greater than the context length (n_keep: 5000 >= n_ctx: 4096). Try to load the model with a larger context length, or provide a shorter input.',
    'LM Studio',
  ],
  [
    "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4900 in the messages, 100 in the completion).",
    'vLLM',
  ],
  ['request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it', 'llama.cpp'],
  ["The input (5000 tokens) is longer than the model's context length (4096 tokens).", 'SGLang'],
  ['Prompt contains 5000 tokens and 0 draft tokens, too large for model with 4096 maximum context length', 'Mistral'],
  ["This model's maximum prompt length is 4,096 but the request contains 5,000 tokens.", 'xAI'],
  ['Please reduce the length of the messages or completion. Current length is 5000 while limit is 4096', 'Cerebras'],
  ['The prompt for qwen-20250514 has 5000 tokens, which exceeds the context window of 4096', 'a name with digits'],
])('%s (%s) is a context error, in the words of Anthropic', (message) => {
  const error = classifyError(400, {}, JSON.stringify({ error: { message } }), target);
  expect([error.code, error.retry]).toEqual(['upstream_context', 'larger']);
  expect(errorRenderer.body(error, { requestId: 'r', attempts: [] })).toMatchObject({
    error: { type: 'invalid_request_error', message: 'prompt is too long: 5000 tokens > 4096 maximum' },
  });
});

it.each([
  ['the input length exceeds the context length', 'Ollama'],
  ['Reached context length of 4096 tokens with this model.', 'LM Studio'],
  ['`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 `inputs` tokens and 200 `max_new_tokens`', 'TGI'],
])('%s (%s) without both numbers keeps its own words behind', (message) => {
  const error = classifyError(400, {}, JSON.stringify({ error: { message } }), target);
  expect(error.code).toBe('upstream_context');
  expect(tooLongMessage(message)).toBe(`prompt is too long: ${message}`);
});

it('leaves what says so already', () => {
  const message = 'prompt is too long: 212000 tokens > 200000 maximum';
  expect(tooLongMessage(message)).toBe(message);
});
