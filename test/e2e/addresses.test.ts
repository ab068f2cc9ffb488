import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { probe } from '../../src/discovery/probe.ts';
import { type FakeUpstream, startFake } from '../support/fake-upstream.ts';
import { startApp } from '../support/start-app.ts';

const trap = '169.254.169.254';
const ask = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };

/** A server that would answer where one address of `trap.test` leads. */
async function startTrap(): Promise<FakeUpstream> {
  const fake = await startFake({ kind: 'openai', models: ['m'] });
  onTestFinished(() => fake.close());
  return fake;
}

it('never asks a provider whose name leads to a metadata address, not even for its list of models', async () => {
  const fake = await startTrap();
  await using app = await startApp({
    yaml: `providers: {box: {api_base: "http://trap.test:${fake.port}/v1", api_key: k, models: [{id: m}]}}`,
    ports: [],
    lookUp: async () => ['127.0.0.1', trap],
  });
  const answer = await app.post('/v1/chat/completions', ask);
  expect([answer.status, fake.connectionCount]).toEqual([502, 0]);
  expect(await answer.json()).toMatchObject({
    error: { code: 'upstream_connect', message: expect.stringContaining('metadata') },
  });
});

it('asks a name anew for every connection: one that leads to a metadata address later is refused then', async () => {
  const fake = await startTrap();
  let addresses = ['127.0.0.1'];
  await using app = await startApp({
    yaml: `providers: {box: {api_base: "http://trap.test:${fake.port}/v1", models: [{id: m}]}}`,
    lookUp: async () => addresses,
  });
  expect((await app.post('/v1/chat/completions', ask)).status).toBe(200);
  addresses = ['127.0.0.1', 'fd00:ec2::254'];
  await fake.stop();
  await fake.restart();
  const connections = fake.connectionCount;
  const answer = await app.post('/v1/chat/completions', ask);
  expect([answer.status, fake.connectionCount]).toEqual([502, connections]);
  expect(await answer.text()).toContain('metadata');
});

it('discovery does not connect to a listed host whose name leads to a metadata address', async () => {
  const fake = await startTrap();
  await using app = await startApp({
    yaml: `discovery: {hosts: ["trap.test:${fake.port}", "box.test:${fake.port}"]}`,
    ports: [],
    lookUp: async (host) => (host === 'box.test' ? ['127.0.0.1'] : ['127.0.0.1', trap]),
  });
  expect([...app.app.snapshot().providers.values()].map(({ endpoint }) => endpoint.baseUrl)).toEqual([
    `http://box.test:${fake.port}/v1`,
  ]);
  expect(new Set(fake.requests.map(({ headers }) => headers.host))).toEqual(new Set([`box.test:${fake.port}`]));
});

it.each([
  'http://2852039166',
  'http://0xa9fea9fe:8000',
  'http://169.254.169.254.',
  'http://[fd20:ce::254]',
  'http://[::ffff:a9fe:aa02]',
  'https://168.63.129.16',
])('a probe of %s opens no socket', async (origin) => {
  const sockets: unknown[] = [];
  const note = (message: unknown) => void sockets.push(message);
  subscribe('net.client.socket', note);
  onTestFinished(() => void unsubscribe('net.client.socket', note));
  const result = await probe({ origin, basePath: '/v1', first: 'models' }, { clock: systemClock });
  expect([result, sockets]).toEqual([{ kind: 'nothing', reason: 'refused' }, []]);
});
