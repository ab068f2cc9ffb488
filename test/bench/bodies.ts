/** The one model that everything here asks for. */
export const model = 'bench-model';
/** The same at an upstream that speaks Messages. */
export const claudeModel = 'bench-claude';

const requestBytes = 200;

/** A chat completion of exactly 200 bytes. */
export const chatRequest = padded((content) => JSON.stringify({ model, messages: [{ role: 'user', content }] }));

/** The same question in Anthropic's form, where the limit of tokens is not optional. */
export const messagesRequest = padded((content) =>
  JSON.stringify({ model, max_tokens: 64, messages: [{ role: 'user', content }] }),
);

/** And in that of Responses, whose answers are kept unless the client declines. */
export const responsesRequest = padded((input) => JSON.stringify({ model, input }));

/** A stream of so many events with content. */
export function chatStreamRequest(events: number): string {
  const question = [{ role: 'user', content: 'Tell me a long story.' }];
  return JSON.stringify({ model, max_tokens: events, stream: true, messages: question });
}

/** The one form does for both, since the fields in use are the same. */
export const messagesStreamRequest = chatStreamRequest;

function padded(request: (content: string) => string): string {
  return request('x'.repeat(requestBytes - Buffer.byteLength(request(''))));
}

/** As llama.cpp and vLLM answer, less what only debugging needs. */
export const chatAnswer = JSON.stringify({
  id: 'chatcmpl-5Yq0Jm1vXbN3',
  object: 'chat.completion',
  created: 1_760_000_000,
  model,
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'The quick brown fox jumps over the lazy dog.' },
      finish_reason: 'stop',
    },
  ],
  usage: { prompt_tokens: 42, completion_tokens: 10, total_tokens: 52 },
});

/** The same as Anthropic has it. */
export const messagesAnswer = JSON.stringify({
  id: 'msg_5Yq0Jm1vXbN3',
  type: 'message',
  role: 'assistant',
  model: claudeModel,
  content: [{ type: 'text', text: 'The quick brown fox jumps over the lazy dog.' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 42, output_tokens: 10 },
});

export const embeddingsAnswer = JSON.stringify({
  object: 'list',
  data: [{ object: 'embedding', index: 0, embedding: [0.1, 0.2] }],
  model,
  usage: { prompt_tokens: 42, total_tokens: 42 },
});

export const modelsAnswer = JSON.stringify({
  object: 'list',
  data: [{ id: model, object: 'model', created: 1_760_000_000, owned_by: 'bench' }],
});

/** Ollama's pages, as far as discovery asks for them. */
export const ollamaPages: Readonly<Record<string, string>> = {
  '/': 'Ollama is running',
  '/api/version': JSON.stringify({ version: '0.13.0' }),
  '/api/tags': JSON.stringify({
    models: [
      {
        name: `${model}:latest`,
        model: `${model}:latest`,
        modified_at: '2026-10-01T10:00:00Z',
        size: 2_000_000_000,
        digest: 'a80c4f17acd55265feec403c7aef86be0c25983ab279d83f3bcd3abbcb5b8b72',
        details: { family: 'llama', families: ['llama'], parameter_size: '3.2B', quantization_level: 'Q4_K_M' },
      },
    ],
  }),
  '/api/ps': JSON.stringify({ models: [] }),
};
