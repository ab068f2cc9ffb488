import { onTestFinished } from 'vitest';
import { type ChatFake, startChatFake } from '../../support/fake-servers/chat.ts';
import { startApp } from '../../support/start-app.ts';

export interface LocalRouter {
  readonly url: string;
  readonly upstream: ChatFake;
}

/** The router in front of nothing but an OpenAI-compatible server, ended with the test. */
export async function routerOnChat(): Promise<LocalRouter> {
  const upstream = await startChatFake();
  onTestFinished(upstream.close);
  const models = [
    { id: 'local-chat', upstream_id: 'gpt-5.1', type: 'chat' },
    { id: 'local-embed', upstream_id: 'text-embedding-3-small', type: 'embedding' },
  ];
  const provider = { type: 'openai', api_protocol: 'chat_completions', api_base: upstream.url, api_key: 'sk-fake' };
  const app = await startApp({ yaml: JSON.stringify({ providers: { local: { ...provider, models } } }) });
  onTestFinished(() => app.close());
  return { url: app.url, upstream };
}

export const words = 'Über Zürich is the sky blue, 👋 and the lake lies calm.';

export const weatherParameters = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};

/** Two calls at once. */
export const weatherCalls = [
  { id: 'call_1', name: 'weather', arguments: '{"city":"Rome"}' },
  { id: 'call_2', name: 'weather', arguments: '{"city":"Oslo"}' },
] as const;
