import { type ChatFront, startChatFake } from '../../../support/fake-servers/chat.ts';
import type { Upstream } from '../upstream.ts';
import { chatHistory, fakeChatAnswer } from './chat.ts';

const apiKey = '0123456789abcdef0123456789abcdef';
const deployment = 'our-gpt';
const apiVersion = '2024-10-21';

const filtered = [{ prompt_index: 0, content_filter_results: { hate: { filtered: false, severity: 'safe' } } }];

/** A resource with one deployment, in the path, and a dated version, in the query. */
const azureFront: ChatFront = {
  basePath: '',
  operationOf(path) {
    const { pathname, searchParams } = new URL(path, 'http://azure');
    if (searchParams.get('api-version') !== apiVersion) return undefined;
    const prefix = `/openai/deployments/${deployment}`;
    return pathname.startsWith(prefix) ? pathname.slice(prefix.length) : undefined;
  },
  refusalOf: (headers) =>
    headers['api-key'] === apiKey && headers.authorization === undefined
      ? undefined
      : 'Access denied due to invalid subscription key or wrong API endpoint.',
  // The stream begins with what the filters thought of the prompt.
  preamble: [{ id: '', object: '', created: 0, model: '', choices: [], prompt_filter_results: filtered }],
};

export const azureUpstream: Upstream = {
  name: 'azure',
  protocol: 'chat_completions',
  lacks: {},
  asksReasoning: /"reasoning_effort":"low"/,
  tellsRetryAfter: true,
  tells: { input: 25, output: 15, cached: 10, reasoning: 5 },
  history: chatHistory,
  async start() {
    const fake = await startChatFake(azureFront);
    const settings = { api_version: apiVersion };
    return {
      provider: { type: 'azure', api_protocol: 'chat_completions', api_base: fake.url, api_key: apiKey, settings },
      model: deployment,
      // Of a broken stream the preamble is one chunk more.
      answer: (answer) => fake.answer(fakeChatAnswer(answer, azureFront.preamble.length)),
      bodies: fake.bodies,
      close: fake.close,
    };
  },
};
