import { afterAll, beforeAll } from 'vitest';
import { type ChatFake, startChatFake } from '../../support/fake-servers/chat.ts';
import { Sandbox } from '../../support/run-cli.ts';

export interface LocalRouter {
  readonly url: string;
  readonly upstream: ChatFake;
}

/**
 * The router as it is built, a process of its own, in front of nothing but an OpenAI-compatible server: one for all
 * tests of a file.
 */
export function routerOnChat(): () => LocalRouter {
  const sandbox = new Sandbox();
  let router: LocalRouter | undefined;
  beforeAll(async () => {
    const upstream = await startChatFake();
    const models = [
      { id: 'local-chat', upstream_id: 'gpt-5.1', type: 'chat' },
      { id: 'local-embed', upstream_id: 'text-embedding-3-small', type: 'embedding' },
    ];
    const provider = { type: 'openai', api_protocol: 'chat_completions', api_base: upstream.url, api_key: 'sk-fake' };
    const config = { discovery: { servers: [] }, providers: { local: { ...provider, models } } };
    const running = await sandbox.serve(['-c', sandbox.write('router.yaml', JSON.stringify(config))]);
    router = { url: running.url, upstream };
  });
  afterAll(async () => {
    await sandbox[Symbol.asyncDispose]();
    await router?.upstream.close();
  });
  return () => {
    if (router === undefined) throw new Error('the router is asked for before it runs');
    return router;
  };
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
