import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeUpstream, faults, startFake } from '../support/fake-upstream.ts';
import { type CliResult, Sandbox } from '../support/run-cli.ts';

let sandbox: Sandbox;
let local: FakeUpstream;
let hosted: FakeUpstream;

beforeEach(async () => {
  sandbox = new Sandbox();
  local = await startFake({ kind: 'ollama', models: [{ id: 'llama3.1:8b', context: 8192, isLoaded: true }] });
  hosted = await startFake({ kind: 'openai', models: ['big-model'] });
});
afterEach(async () => {
  await sandbox[Symbol.asyncDispose]();
  await local.close();
  await hosted.close();
});

function writeConfig(more = ''): string {
  return sandbox.write(
    'r.yaml',
    `discovery: { servers: [] }
providers:
  near: { type: ollama, api_base: "${local.baseUrl}" }
  far:
    api_base: "${hosted.baseUrl}"
    local: false
    models: [{ id: big-model, pricing: { input: 2, output: 10 } }]
models:
  default:
    endpoints: [{ provider: near, model: "llama3.1:8b" }, { provider: far, model: big-model }]
${more}`,
  );
}

function json(result: CliResult): Record<string, unknown> {
  return JSON.parse(result.stdout);
}

describe('route, with no router running', () => {
  test('resolves the configuration with fresh probes', async () => {
    const result = await sandbox.run(['route', 'default', '--json', '-c', writeConfig()]);
    expect(result.code).toBe(0);
    expect(json(result)).toMatchObject({
      resolved_via: 'config',
      rule: 'virtual-model',
      chain: [
        { provider: 'near', model: 'llama3.1:8b', local: true, state: 'up', context: 8192, loaded: true },
        { provider: 'far', model: 'big-model', local: false, pricing: { input: 2, output: 10 } },
      ],
    });
  });

  test('puts a server that is down last, with the reason', async () => {
    const path = writeConfig();
    await local.stop();
    const { chain } = json(await sandbox.run(['route', 'default', '--json', '-c', path]));
    expect(chain).toMatchObject([{ provider: 'far' }, { provider: 'near', state: expect.stringMatching(/down/) }]);
  });

  test('reckons the price of a prompt', async () => {
    const { chain } = json(
      await sandbox.run(['route', 'big-model', '--tokens', '1000000', '--json', '-c', writeConfig()]),
    );
    expect(chain).toMatchObject([{ cost: 2 }]);
  });

  test('keeps a request that may not leave at home', async () => {
    const { chain, rejected } = json(
      await sandbox.run(['route', 'default', '--local-only', '--json', '-c', writeConfig()]),
    );
    expect(chain).toMatchObject([{ provider: 'near' }]);
    expect(rejected).toMatchObject([{ candidate: 'far:big-model' }]);
  });

  test('tells people the rule and every candidate', async () => {
    const { stdout } = await sandbox.run(['route', 'default', '-c', writeConfig()]);
    expect(stdout).toMatch(/^default matches a virtual model/);
    expect(stdout).toMatch(/1 +near:llama3\.1:8b +local +up +chat_completions +context 8,192 +free/);
    expect(stdout).toMatch(/2 +far:big-model +hosted .* \$2\/\$10/);
  });

  test('of an unknown name ends with 1 and names what is near', async () => {
    const path = writeConfig();
    const plain = await sandbox.run(['route', 'lama3.1:8b', '-c', path]);
    expect({ code: plain.code, stdout: plain.stdout }).toEqual({ code: 1, stdout: '' });
    expect(plain.stderr).toContain('llama3.1:8b');
    const result = await sandbox.run(['route', 'lama3.1:8b', '--json', '-c', path]);
    expect(result.code).toBe(1);
    expect(json(result)).toMatchObject({ kind: 'unknown', error: { code: 'model_not_found' }, near: ['llama3.1:8b'] });
  });
});

describe('route, with a router running', () => {
  test('asks it', async () => {
    const path = writeConfig();
    const router = await sandbox.serve(['-c', path]);
    const answer = json(await sandbox.run(['route', 'default', '--json']));
    expect(answer).toMatchObject({ resolved_via: 'live', chain: [{ provider: 'near' }, { provider: 'far' }] });
    await router.stop();
    expect(json(await sandbox.run(['route', 'default', '--json', '-c', path]))).toMatchObject({
      resolved_via: 'config',
    });
  });

  test('does not ask it about another configuration', async () => {
    await sandbox.serve(['-c', writeConfig()]);
    const other = sandbox.write('other.yaml', 'discovery: { enabled: false }\n');
    const result = await sandbox.run(['route', 'default', '--json', '-c', other]);
    expect(json(result)).toMatchObject({ resolved_via: 'config', kind: 'unknown' });
  });
});

describe('route --send', () => {
  test('does not let the request leave that was explained as one that may not', async () => {
    local.failCalls(faults.status(503));
    const path = writeConfig();
    const result = await sandbox.run(['route', 'default', '--local-only', '--send', 'hi', '-c', path]);
    expect(result.code).toBe(1);
    expect([local.calls.length > 0, hosted.calls.length]).toEqual([true, 0]);
  });

  test('streams the answer to stdout and tells the facts on stderr', async () => {
    const { code, stdout, stderr } = await sandbox.run(['route', 'big-model', '--send', 'hi', '-c', writeConfig()]);
    expect(code).toBe(0);
    expect(stdout).toBe('Grüße from the fake 👋 upstream, twice over.\n');
    expect(stderr).toMatch(/far:big-model · first token \d+ ms · .*11\+7 tokens · \$0\.000092/);
  });

  test('goes through the running router, with a key where it wants one', async () => {
    const router = await sandbox.serve(['-c', writeConfig('auth: { keys: [{ name: me, key: my-own-key-1 }] }\n')]);
    const result = await sandbox.run(['route', 'default', '--send', 'hi', '--json']);
    expect(json(result)).toMatchObject({
      resolved_via: 'live',
      sent: { provider: 'near', usage: { input: 11, output: 7 }, cost: 0, fallback_used: false, attempts: 1 },
    });
    expect(await router.logged('request-settled')).toMatchObject({ key: 'me', provider: 'near' });
  });

  test('tells of a failover', async () => {
    const path = writeConfig();
    local.failCalls(faults.resetBeforeHeaders());
    const result = await sandbox.run(['route', 'default', '--send', 'hi', '--json', '-c', path]);
    expect(json(result)).toMatchObject({ sent: { provider: 'far', fallback_used: true, attempts: 2 } });
  });

  test.each(['messages', 'responses', 'generate_content'])('speaks %s', async (protocol) => {
    const { code, stdout } = await sandbox.run([
      'route',
      'big-model',
      '--send',
      'hi',
      '--protocol',
      protocol,
      '-c',
      writeConfig(),
    ]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Grüße from the fake 👋 upstream, twice over.\n' });
  });

  test('that breaks off ends with 1', async () => {
    const path = writeConfig();
    hosted.failCalls(faults.closeAfterEvents(3));
    const { code, stderr } = await sandbox.run(['route', 'big-model', '--send', 'hi', '-c', path]);
    expect(code).toBe(1);
    expect(stderr).toContain('error: ');
  });
});

describe('models', () => {
  test('lists names once, virtual ones first', async () => {
    const result = await sandbox.run(['models', '--json', '-c', writeConfig()]);
    expect(json(result)).toMatchObject({
      resolved_via: 'config',
      models: [
        { id: 'default', virtual: true, providers: ['near', 'far'] },
        { id: 'big-model', local: false, pricing: { input: 2, output: 10 }, state: 'on' },
        { id: 'llama3.1:8b', local: true, type: 'chat', context: 8192, loaded: true, state: 'up' },
      ].toSorted((one, other) => Number(other.local ?? 1) - Number(one.local ?? 1)),
    });
  });

  test("are the running router's when there is one", async () => {
    await sandbox.serve(['-c', writeConfig()]);
    expect(json(await sandbox.run(['models', '--json']))).toMatchObject({ resolved_via: 'live' });
  });

  test('can be cut down to a place', async () => {
    const path = writeConfig();
    const ids = async (...flags: string[]) => {
      const { models } = json(await sandbox.run(['models', '--json', '-c', path, ...flags]));
      return (models as { id: string }[]).map(({ id }) => id);
    };
    expect(await ids('--local')).toEqual(['default', 'llama3.1:8b']);
    expect(await ids('--hosted')).toEqual(['big-model']);
    expect(await ids('--provider', 'far')).toEqual(['default', 'big-model']);
  });

  test('of a provider that is not there end with 1', async () => {
    const { code, stderr } = await sandbox.run(['models', '--provider', 'neat', '-c', writeConfig()]);
    expect(code).toBe(1);
    expect(stderr).toContain('did you mean "near"?');
  });

  test('that are none are no failure', async () => {
    const path = sandbox.write('empty.yaml', 'discovery: { enabled: false }\n');
    expect(json(await sandbox.run(['models', '--json', '-c', path]))).toMatchObject({ models: [] });
    expect((await sandbox.run(['models', '-c', path])).code).toBe(0);
  });

  test('are coloured when colour is forced and plain otherwise', async () => {
    const path = writeConfig();
    const ansi = '\u001b[';
    const coloured = await sandbox.run(['models', '-c', path], { env: { FORCE_COLOR: '1' } });
    expect(coloured.stdout).toContain(ansi);
    const refused = await sandbox.run(['models', '-c', path, '--no-color'], { env: { FORCE_COLOR: '1' } });
    expect(refused.stdout).not.toContain(ansi);
    expect((await sandbox.run(['models', '-c', path])).stdout).not.toContain(ansi);
  });
});
