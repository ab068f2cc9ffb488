import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type FakeUpstream, startFake } from '../support/fake-upstream.ts';
import { Sandbox } from '../support/run-cli.ts';

let sandbox: Sandbox;
let ollama: FakeUpstream;
let llamacpp: FakeUpstream;

beforeEach(async () => {
  ollama = await startFake({
    kind: 'ollama',
    models: [
      { id: 'llama3.1:8b', context: 8192, isLoaded: true },
      { id: 'nomic-embed-text:latest', type: 'embedding' },
    ],
  });
  llamacpp = await startFake({ kind: 'llamacpp', models: [{ id: 'qwen3', context: 4096 }] });
  sandbox = new Sandbox({ OLLAMA_HOST: `127.0.0.1:${ollama.port}`, LLAMA_ARG_PORT: String(llamacpp.port) });
});
afterEach(async () => {
  await sandbox[Symbol.asyncDispose]();
  await ollama.close();
  await llamacpp.close();
});

describe('init', () => {
  test('writes what it finds, which loads and whose default resolves', async () => {
    const written = await sandbox.run(['init', '--yes', '--json']);
    expect(written.code).toBe(0);
    const report = JSON.parse(written.stdout);
    expect(report).toMatchObject({ default_model: 'default', backup: null, trusted: true });
    expect(report.providers).toEqual(expect.arrayContaining(['ollama', 'llamacpp']));

    const text = sandbox.read('router.yaml');
    expect(text).toMatch(/^# yaml-language-server: \$schema=/);
    expect(text).toContain('skip_auth: true');
    expect(text).toContain('#   llama3.1:8b (chat, context 8192)');

    const route = await sandbox.run(['route', 'default', '--json']);
    expect(JSON.parse(route.stdout)).toMatchObject({ resolved_via: 'config', rule: 'virtual-model', kind: 'found' });
    expect(JSON.parse(route.stdout).chain).toEqual(
      expect.arrayContaining([expect.objectContaining({ provider: 'ollama', model: 'llama3.1:8b', state: 'up' })]),
    );
    const unknown = await sandbox.run(['route', 'something-else', '--json']);
    expect(unknown.code).toBe(1);
    expect(JSON.parse(unknown.stdout)).toMatchObject({ kind: 'unknown' });
  });

  test('names the variable of a key and never the key, hosted after local', async () => {
    // A key that nobody takes, at an address that refuses: nothing leaves this machine.
    const env = { OPENAI_API_KEY: 'sk-secret-user-key', HTTPS_PROXY: 'http://127.0.0.1:9' };
    const { code, stdout } = await sandbox.run(['init', '--yes', '--print'], { env });
    expect(code).toBe(0);
    expect(stdout).toContain('api_key: ${OPENAI_API_KEY}');
    expect(stdout).not.toContain('sk-secret');
    const order = [...stdout.matchAll(/- provider: (\S+)/g)].map((match) => match[1]);
    expect(order).toContain('ollama');
    expect(order.at(-1)).toBe('openai');
    expect(existsSync(`${sandbox.directory}/router.yaml`)).toBe(false);
  });

  test('asks nothing when nobody is there', async () => {
    expect((await sandbox.run(['init'])).code).toBe(0);
    expect(sandbox.read('router.yaml')).toContain('ollama');
  });

  test('leaves an existing file alone, unless forced, and then keeps it', async () => {
    sandbox.write('router.yaml', '# mine\n');
    const refused = await sandbox.run(['init', '--yes']);
    expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('exists already');
    expect(sandbox.read('router.yaml')).toBe('# mine\n');

    expect((await sandbox.run(['init', '--yes', '--force'])).code).toBe(0);
    expect(sandbox.read('router.yaml.bak')).toBe('# mine\n');
    expect(sandbox.read('router.yaml')).toContain('providers:');

    sandbox.write('router.yaml', '# mine again\n');
    expect((await sandbox.run(['init', '--yes', '--force'])).stdout).toContain('router.yaml.bak.1');
    expect(sandbox.read('router.yaml.bak')).toBe('# mine\n');
    expect(sandbox.read('router.yaml.bak.1')).toBe('# mine again\n');
  });

  test('pins no model that the server may lose', async () => {
    const { stdout } = await sandbox.run(['init', '--yes', '--print']);
    expect(Object.values(parse(stdout).providers).filter((provider) => 'models' in (provider as object))).toEqual([]);
    expect(parse(stdout).routing).toBeUndefined();
  });

  test('writes where -c says', async () => {
    const { code, stdout } = await sandbox.run(['init', '--yes', '-c', 'config/own.yaml']);
    expect({ code, next: /^next: (.*)$/m.exec(stdout)?.[1] }).toEqual({
      code: 0,
      next: 'router serve -c config/own.yaml',
    });
    const spaced = await sandbox.run(['init', '--yes', '--template', 'local', '-c', "it's here.yaml"]);
    expect(spaced.stdout).toContain(`router serve -c 'it'\\''s here.yaml'`);
    expect(sandbox.read('config/own.yaml')).toContain('ollama');
  });

  test('trusts what it wrote', async () => {
    const env = { OPENAI_API_KEY: 'sk-secret-user-key', HTTPS_PROXY: 'http://127.0.0.1:9' };
    await sandbox.run(['init', '--yes'], { env });
    expect((await sandbox.run(['route', 'default', '--json'], { env })).code).toBe(0);
  });
});

describe('init --template', () => {
  const templates = ['local', 'hybrid', 'bitrouter', 'gateway', 'lan'];

  test.each(templates)('%s is a configuration without a problem', async (name) => {
    expect((await sandbox.run(['init', '--template', name])).code).toBe(0);
    const checked = await sandbox.run(['doctor', '--config-only', '--json']);
    expect(checked.code).toBe(0);
    const problems = JSON.parse(checked.stdout).checks.filter(
      ({ status, message }: { status: string; message: string }) => status !== 'ok' && !message.includes('is not set'),
    );
    expect(problems).toEqual([]);
  });

  test.each(['docker', 'compose', 'kubernetes'])('%s is printed as it ships', async (name) => {
    const { code, stdout } = await sandbox.run(['init', '--template', name, '--print']);
    expect(code).toBe(0);
    expect(stdout).toContain('4356');
  });

  test('of another name ends with 2 and lists them', async () => {
    const { code, stderr } = await sandbox.run(['init', '--template', 'nope']);
    expect(code).toBe(2);
    for (const name of templates) expect(stderr).toContain(name);
  });
});
