import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startApp } from '../../support/start-app.ts';

const answer = {
  candidates: [{ content: { role: 'model', parts: [{ text: 'Hello!' }] }, finishReason: 'STOP', index: 0 }],
  usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
};

/** Google's token service and Vertex in one; the latter wants the token that the former gave. */
async function startGoogle() {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(`${request.method} ${request.url}`);
    const isToken = request.url === '/token';
    const isAllowed = isToken || request.headers.authorization === 'Bearer ya29.test';
    response.writeHead(isAllowed ? 200 : 401, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isToken ? { access_token: 'ya29.test', expires_in: 3600 } : answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, paths };
}

function serviceAccountFile(tokenUrl: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'router-vertex-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const account = {
    type: 'service_account',
    client_email: 'bot@acme.iam.gserviceaccount.com',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    token_uri: tokenUrl,
  };
  const path = join(directory, 'account.json');
  writeFileSync(path, JSON.stringify(account));
  return path;
}

test('Vertex is asked with a token of the service account, which is fetched once', async () => {
  const google = await startGoogle();
  const yaml = [
    'providers:',
    '  vertex:',
    `    api_base: ${google.url}/v1/projects/p/locations/global/publishers/google`,
    '    models: [gemini-2.5-flash]',
  ].join('\n');
  const environment = { GOOGLE_APPLICATION_CREDENTIALS: serviceAccountFile(`${google.url}/token`) };
  const app = await startApp({ yaml, environment });
  onTestFinished(() => app.app.destroy());
  const ask = { model: 'gemini-2.5-flash', messages: [{ role: 'user', content: 'Hi' }] };
  for (const _ of [1, 2]) {
    const response = await app.post('/v1/chat/completions', ask);
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: 'Hello!' } }] });
  }
  const generate = 'POST /v1/projects/p/locations/global/publishers/google/models/gemini-2.5-flash:generateContent';
  expect(google.paths).toEqual(['POST /token', generate, generate]);
});

test('without a credential the client hears what to set', async () => {
  const google = await startGoogle();
  const yaml = `providers: {vertex: {api_base: "${google.url}/v1", models: [gemini-2.5-flash]}}`;
  const app = await startApp({ yaml, environment: { GOOGLE_APPLICATION_CREDENTIALS: '/nonexistent/account.json' } });
  onTestFinished(() => app.app.destroy());
  const response = await app.post('/v1/chat/completions', {
    model: 'gemini-2.5-flash',
    messages: [{ role: 'user', content: 'Hi' }],
  });
  expect(response.status).toBe(502);
  expect(await response.json()).toMatchObject({
    error: { message: expect.stringContaining('GOOGLE_APPLICATION_CREDENTIALS') },
  });
  expect(google.paths).toEqual([]);
});
