import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeOptions, type FakeUpstream, faults, startFake } from '../support/fake-upstream.ts';
import { type RunOptions, Sandbox } from '../support/run-cli.ts';

interface Told {
  readonly check: string;
  readonly subject: string;
  readonly status: string;
  readonly message: string;
  readonly fix: string | null;
}

let sandbox: Sandbox;
const fakes: FakeUpstream[] = [];

beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(async () => {
  await sandbox[Symbol.asyncDispose]();
  for (const fake of fakes.splice(0)) await fake.close();
});

async function fake(options: FakeOptions): Promise<FakeUpstream> {
  const started = await startFake(options);
  fakes.push(started);
  return started;
}

/** A port that is free at this moment, for the router's own check. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function doctor(yaml: string, options: RunOptions & { readonly flags?: readonly string[] } = {}) {
  const port = await freePort();
  const path = sandbox.write('r.yaml', `server: { port: ${port} }\n${yaml}`);
  const { code, stdout } = await sandbox.run(['doctor', '--json', '-c', path, ...(options.flags ?? [])], options);
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: readonly Told[] };
  const of = (check: string) => checks.filter((one) => one.check === check);
  return { code, ok, checks, of };
}

/** Only these addresses are looked at. */
function hosts(...servers: readonly FakeUpstream[]): string {
  return `discovery: { servers: [], hosts: [${servers.map(({ port }) => `"127.0.0.1:${port}"`).join(', ')}] }\n`;
}

describe('doctor', () => {
  test('names every server for what it is, with models and real context, and no other program', async () => {
    const model = { id: 'm', context: 4096, isLoaded: true };
    const ollama = await fake({ kind: 'ollama', models: [model] });
    const llamacpp = await fake({ kind: 'llamacpp', models: [model] });
    const lmStudio = await fake({ kind: 'lm_studio', models: [model] });
    const vllm = await fake({ kind: 'vllm', models: [model] });
    const web = await fake({ kind: 'plain-web' });
    const { code, of } = await doctor(hosts(ollama, llamacpp, lmStudio, vllm, web));
    expect(code).toBe(0);
    const found = of('servers');
    const at = ({ port }: FakeUpstream) => found.find(({ subject }) => subject.endsWith(`:${port}`));
    expect(at(ollama)).toMatchObject({ status: 'ok', subject: expect.stringMatching(/^Ollama /) });
    expect(at(llamacpp)).toMatchObject({ status: 'ok', subject: expect.stringMatching(/^llama\.cpp/) });
    expect(at(lmStudio)).toMatchObject({ status: 'ok', subject: expect.stringMatching(/^LM Studio/) });
    expect(at(vllm)).toMatchObject({ status: 'ok', subject: expect.stringMatching(/^vLLM/) });
    expect(at(ollama)?.message).toContain('m (context 4,096, loaded)');
    expect(at(web)).toMatchObject({ status: 'skip', message: 'something answers that is not a model server' });
  });

  test('proves that a chat model streams and calls tools', async () => {
    const ollama = await fake({
      kind: 'ollama',
      models: [{ id: 'm', isLoaded: true, capabilities: ['completion', 'tools'] }],
    });
    const { of } = await doctor(hosts(ollama));
    expect(of('chat')).toMatchObject([
      { subject: 'ollama:m streaming', status: 'ok', message: expect.stringContaining('reports its tokens (7)') },
      { subject: 'ollama:m tools', status: 'ok' },
    ]);
  });

  test('does not take a model that thinks at length for one that cannot call tools', async () => {
    const vllm = await fake({ kind: 'vllm', models: ['m'], answer: { text: '', finishReason: 'length' } });
    const { of } = await doctor(hosts(vllm));
    expect(of('chat')).toMatchObject([
      { status: 'ok' },
      { subject: 'vllm:m tools', status: 'warn', message: 'had not called the tool after 128 tokens' },
    ]);
  });

  test('fails on a stream that ends without its end', async () => {
    const vllm = await fake({ kind: 'vllm', models: ['m'] });
    vllm.failCalls(faults.endAfterEvents(2));
    const { code, of } = await doctor(hosts(vllm));
    expect(code).toBe(1);
    expect(of('chat')).toMatchObject([{ status: 'fail', message: 'the stream does not end properly' }]);
  });

  test('says how to start a declared server that is not there', async () => {
    const ollama = await fake({ kind: 'ollama' });
    await ollama.stop();
    const { code, of } = await doctor(
      `discovery: { servers: [] }\nproviders: { ollama: { base_url: "${ollama.origin}" } }\n`,
    );
    expect(code).toBe(1);
    expect(of('servers')).toMatchObject([
      { status: 'fail', message: 'nothing answers', fix: expect.stringContaining('ollama serve') },
    ]);
  });

  test('knows a good key of a hosted provider from a bad one, and never sends it a chat', async () => {
    const hosted = await fake({ kind: 'openai', models: ['big'], apiKey: 'good-key' });
    const yaml = (name: string) => `discovery: { servers: [] }
providers: { ${name}: { api_base: "${hosted.baseUrl}", local: false, api_key: "\${THE_KEY}" } }\n`;
    const good = await doctor(yaml('far'), { env: { THE_KEY: 'good-key' } });
    expect(good.of('hosted')).toMatchObject([
      { subject: 'far', status: 'ok', message: 'takes the key, lists 1 models' },
    ]);
    const bad = await doctor(yaml('far'), { env: { THE_KEY: 'bad-key' } });
    expect(bad.code).toBe(1);
    expect(bad.of('hosted')).toMatchObject([{ subject: 'far', status: 'fail', message: 'refuses the key' }]);
    expect(JSON.stringify(bad.checks)).not.toContain('bad-key');
    expect(hosted.calls).toEqual([]);
  });

  test('tells which provider is off for want of its variable', async () => {
    const { code, of } = await doctor(
      'discovery: { servers: [] }\nproviders: { openai: { api_key: "${NOT_SET_HERE}" } }\n',
    );
    expect(code).toBe(0);
    expect(of('variables')).toMatchObject([{ subject: 'NOT_SET_HERE', status: 'warn', fix: expect.any(String) }]);
  });

  test('sees a proxy that swallows loopback', async () => {
    const env = { HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: 'localhost' };
    const { of } = await doctor('discovery: { servers: [] }\n', { env });
    expect(of('proxy')).toMatchObject([{ status: 'warn', fix: 'export NO_PROXY=localhost,127.0.0.1,::1' }]);
    const fixed = await doctor('discovery: { servers: [] }\n', {
      env: { ...env, NO_PROXY: 'localhost,127.0.0.1,::1' },
    });
    expect(fixed.of('proxy')).toMatchObject([{ status: 'ok' }]);
  });

  test("fails on a port that somebody else has, and not on the running router's", async () => {
    const web = await fake({ kind: 'plain-web' });
    const path = sandbox.write('taken.yaml', `server: { port: ${web.port} }\ndiscovery: { servers: [] }\n`);
    const taken = await sandbox.run(['doctor', '-c', path]);
    expect(taken.code).toBe(1);
    expect(taken.stdout).toMatch(new RegExp(`FAIL +port +127\\.0\\.0\\.1:${web.port} +is taken`));

    const router = await sandbox.serve(['--no-discovery']);
    const own = sandbox.write(
      'own.yaml',
      `server: { port: ${new URL(router.url).port} }\ndiscovery: { servers: [] }\n`,
    );
    const running = await sandbox.run(['doctor', '-c', own]);
    expect(running.code).toBe(0);
    expect(running.stdout).toContain(`a router runs there (pid ${router.pid})`);
  });

  test('tells what of the environment it leaves out of account', async () => {
    const { of } = await doctor('discovery: { servers: [ollama] }\n', { env: { OLLAMA_HOST: '192.0.2.1:11434' } });
    expect(of('servers')).toContainEqual(
      expect.objectContaining({ status: 'warn', message: expect.stringContaining('OLLAMA_HOST names 192.0.2.1') }),
    );
  });
});

describe('doctor --config-only', () => {
  test('tells every problem with its place, and ends with 3', async () => {
    const path = sandbox.write('r.yaml', 'server: { lisen: x }\nproviders:\n  ollama: { base_url: nonsense }\n');
    const { code, stdout } = await sandbox.run(['doctor', '--config-only', '-c', path]);
    expect(code).toBe(3);
    expect(stdout).toMatch(/r\.yaml:1:11 .*"lisen"/);
    expect(stdout).toContain('did you mean "listen"?');
    expect(stdout).toMatch(/r\.yaml:3:23/);
  });

  test('refuses an address that none is, with its line', async () => {
    const path = sandbox.write('r.yaml', 'discovery:\n  hosts:\n    - 192.168.1.20\n    - 192.168.1.300\n');
    const { code, stdout } = await sandbox.run(['doctor', '--config-only', '-c', path]);
    expect(code).toBe(3);
    expect(stdout).toMatch(/r\.yaml:4:7 .*this is not an IPv4 address\n.*write host or host:port/);
    expect((await sandbox.run(['serve', '-c', path])).code).toBe(3);
  });

  test("refuses a provider at the router's own address, with its line", async () => {
    const path = sandbox.write(
      'r.yaml',
      'server: { port: 8080 }\nproviders:\n  llamacpp:\n    base_url: http://localhost:8080\n',
    );
    const { code, stdout } = await sandbox.run(['doctor', '--config-only', '-c', path]);
    expect([code, stdout]).toEqual([3, expect.stringMatching(/r\.yaml:4:15 .*where the router itself listens/)]);
    expect((await sandbox.run(['serve', '-c', path])).code).toBe(3);
  });

  test('needs no secrets and no servers', async () => {
    const yaml = 'providers: { vllm: { base_url: "${VLLM_URL}" }, openai: { api_key: "${OPENAI_API_KEY}" } }\n';
    const { code, checks } = await doctor(yaml, { flags: ['--config-only'] });
    expect(code).toBe(0);
    expect(new Set(checks.map(({ check }) => check))).toEqual(new Set(['config']));
  });
});
