import { expect, it, onTestFinished } from 'vitest';
import { startFake } from '../support/fake-upstream.ts';
import { startApp } from '../support/start-app.ts';

const ids = ['..', '.', '%2e%2e', '%2E.', 'a/../..', 'a\\..\\..', '..?x=', '../', '..#', '%252e%252e'];

const providers = {
  bedrock: (origin: string) => `type: bedrock, api_key: k, base_url: "${origin}"`,
  gemini: (origin: string) => `type: gemini, api_key: k, base_url: "${origin}"`,
  vertex: (origin: string) =>
    `type: vertex, api_key: k, api_base: "${origin}/v1/projects/p/locations/l/publishers/google"`,
  azure: (origin: string) =>
    `type: azure, api_key: k, api_base: "${origin}/openai", settings: {api_version: "2024-10-21"}`,
};
const prefixes = {
  bedrock: /^\/model\/[^/?#]+\/converse$/,
  gemini: /^\/v1beta\/(?:models|publishers|projects)\/[^/?#]+:generateContent$/,
  vertex:
    /^\/v1\/projects\/p\/locations\/l\/publishers\/google\/(?:models|publishers|projects)\/[^/?#]+:generateContent$/,
  azure: /^\/openai\/deployments\/[^/?#]+\/chat\/completions\?api-version=2024-10-21$/,
};

it.each(['bedrock', 'gemini', 'vertex', 'azure'] as const)(
  'no name of a model leads %s to another path',
  async (type) => {
    const fake = await startFake({ kind: 'openai' });
    onTestFinished(() => fake.close());
    await using app = await startApp({ yaml: `providers: {up: {${providers[type](fake.origin)}}}` });
    for (const id of ids) {
      for (const prefix of ['', 'models/', 'publishers/', 'projects/']) {
        const body = { model: `up:${prefix}${id}`, messages: [{ role: 'user', content: 'hi' }] };
        expect((await app.post('/v1/chat/completions', body)).status).toBeGreaterThanOrEqual(400);
      }
    }
    // A name that could be a model's is asked for.
    await app.post('/v1/chat/completions', { model: 'up:a?b#c%2e', messages: [{ role: 'user', content: 'hi' }] });
    const paths = fake.requests.map(({ path }) => path);
    expect(paths.length).toBeGreaterThan(0);
    for (const path of paths) {
      expect(path).toMatch(prefixes[type]);
      expect(path).toBe(new URL(path, 'http://h').pathname + new URL(path, 'http://h').search);
    }
  },
);
