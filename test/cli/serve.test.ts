import { execFile } from 'node:child_process';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeUpstream, faults, startFake } from '../support/fake-upstream.ts';
import { Sandbox } from '../support/run-cli.ts';

let sandbox: Sandbox;
let fake: FakeUpstream;

beforeEach(async () => {
  sandbox = new Sandbox();
  fake = await startFake({ kind: 'openai', models: ['m', 'n'] });
});
afterEach(async () => {
  await sandbox[Symbol.asyncDispose]();
  await fake.close();
});

function yaml(more = '', models = '[m]'): string {
  return `discovery: { servers: [] }\nproviders: { p: { api_base: "${fake.baseUrl}", models: ${models} } }\n${more}`;
}

describe('serve --json', () => {
  test('prints one line, answers, ends with 0 on SIGTERM', async () => {
    const path = sandbox.write('r.yaml', yaml());
    const router = await sandbox.serve(['-c', path]);
    const answer = await router.chat({ model: 'm' });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ choices: [{ message: { role: 'assistant' } }] });
    expect(await router.stop()).toEqual({ code: 0, signal: null });
    expect(router.stdout).toBe(`${JSON.stringify({ event: 'ready', url: router.url, pid: router.pid })}\n`);
  });

  test('lets a request in flight end before it ends', async () => {
    const path = sandbox.write('r.yaml', yaml());
    const router = await sandbox.serve(['-c', path]);
    fake.queueFaults(faults.stallAfterEvents(3));
    const answer = await router.chat({ model: 'm', stream: true });
    await fake.stalled();
    router.signal('SIGTERM');
    fake.release();
    expect(await answer.text()).toContain('[DONE]');
    expect(await router.ended()).toEqual({ code: 0, signal: null });
  });

  test('ends at once on a second signal', async () => {
    const path = sandbox.write('r.yaml', yaml());
    const router = await sandbox.serve(['-c', path]);
    fake.queueFaults(faults.stallAfterEvents(3));
    const answer = await router.chat({ model: 'm', stream: true });
    const broken = answer.text().catch(() => 'broken');
    await fake.stalled();
    router.signal('SIGINT');
    // The first one has arrived once the listener is gone.
    await unreachable(router.url);
    router.signal('SIGINT');
    expect((await router.ended()).code).toBe(130);
    expect(await broken).toBe('broken');
  });

  test('logs a request as one line of JSON and no key', async () => {
    const path = sandbox.write('r.yaml', yaml('auth: { keys: [{ name: team, key: sk-very-secret-client-key }] }\n'));
    const router = await sandbox.serve(['-c', path]);
    await router.chat({ model: 'm' }, { authorization: 'Bearer sk-very-secret-client-key' });
    expect(await router.logged('request-settled')).toMatchObject({
      level: 'info',
      status: 200,
      requested_model: 'm',
      provider: 'p',
      model: 'm',
      outcome: 'completed',
      key: 'team',
      input_tokens: 11,
      output_tokens: 7,
    });
    await router.stop();
    expect(router.stderr + router.stdout).not.toContain('very-secret');
  });

  test('answers with the demo engine', async () => {
    const router = await sandbox.serve(['--demo', '--no-discovery']);
    const answer = await router.chat({ model: 'demo:echo', messages: [{ role: 'user', content: 'say this' }] });
    expect(await answer.json()).toMatchObject({ choices: [{ message: { content: 'say this' } }] });
  });
});

describe('for people', () => {
  test('the banner shows a call that works', async () => {
    const path = sandbox.write('r.yaml', yaml());
    const router = await sandbox.serve(['-c', path, '--log-format', 'pretty']);
    await router.printed(/curl .*\n/);
    expect(router.stderr).toContain(path);
    expect(router.stderr).toMatch(/ {2}p +\S+ +1 model/);
    const command = /^ *(curl .*)$/m.exec(router.stderr)?.[1] ?? '';
    const { stdout } = await promisify(execFile)('sh', ['-c', `${command} -sS`]);
    expect(JSON.parse(stdout)).toMatchObject({ object: 'chat.completion' });
    await router.printed(/200 \/v1\/chat\/completions m → p:m/);
  });
});

describe('the state directory', () => {
  test('holds what other commands need while it runs, for the owner only', async () => {
    const router = await sandbox.serve(['--no-discovery']);
    const folder = join(sandbox.stateDirectory, 'run');
    const port = new URL(router.url).port;
    expect(readdirSync(folder)).toEqual([`${port}.json`]);
    expect(statSync(join(folder, `${port}.json`)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(sandbox.read(`state/run/${port}.json`))).toMatchObject({ pid: router.pid, url: router.url });
    await router.stop();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('that takes nothing is a warning and no failure', async () => {
    sandbox.write('file', '');
    const router = await sandbox.serve(['--no-discovery'], {
      ROUTER_STATE_DIR: join(sandbox.directory, 'file', 'state'),
    });
    expect(await router.logged('state-unwritable')).toMatchObject({ level: 'warn' });
    expect((await fetch(`${router.url}/livez`)).status).toBe(200);
  });
});

describe('an address that cannot be had', () => {
  test('taken by another router says so', async () => {
    const router = await sandbox.serve(['--no-discovery']);
    const address = router.url.replace('http://', '');
    const { code, stdout, stderr } = await sandbox.run(['serve', '--no-discovery', '--listen', address]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`${address} is taken by another router`);
  });

  test('taken by something else is not called a router', async () => {
    const server = createServer((_request, response) => response.end('hello'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await sandbox.run(['serve', '--no-discovery', '--listen', `127.0.0.1:${port}`]);
    server.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`127.0.0.1:${port} is taken`);
    expect(stderr).not.toContain('another router');
  });

  test('of another machine is one clear line', async () => {
    const path = sandbox.write('r.yaml', 'server: { insecure: true }\n');
    const { code, stderr } = await sandbox.run(['serve', '-c', path, '--listen', '192.0.2.1:4000']);
    expect(code).toBe(1);
    expect(stderr).toContain('192.0.2.1:4000 is not an address of this machine');
  });

  test('that is not an address ends with 2', async () => {
    const { code, stderr } = await sandbox.run(['serve', '--listen', 'nonsense']);
    expect(code).toBe(2);
    expect(stderr).toContain('write host:port, as 127.0.0.1:4356');
  });
});

describe('a changed file', () => {
  test('is in force without a restart', async () => {
    const path = sandbox.write('r.yaml', yaml());
    const router = await sandbox.serve(['-c', path]);
    expect((await router.chat({ model: 'n' })).status).toBe(404);
    writeFileSync(path, yaml('', '[m, n]'));
    await router.logged('config-reloaded');
    expect((await router.chat({ model: 'n' })).status).toBe(200);
  });

  test('that is broken changes nothing and is told with its line', async () => {
    const path = sandbox.write('r.yaml', yaml());
    const router = await sandbox.serve(['-c', path]);
    writeFileSync(path, `${yaml('', '[m, n]')}rooting: {}\n`);
    const { problems, level } = await router.logged('config-rejected');
    expect(level).toBe('error');
    expect(String(problems)).toMatch(/r\.yaml:3:1 .*did you mean "routing"/);
    expect((await router.chat({ model: 'm' })).status).toBe(200);
    expect((await router.chat({ model: 'n' })).status).toBe(404);
  });

  test('is read on SIGHUP, and what needs a restart is told', async () => {
    const path = sandbox.write('r.yaml', yaml());
    const router = await sandbox.serve(['-c', path]);
    writeFileSync(path, yaml('server: { idle_timeout: 7s }\n'));
    router.signal('SIGHUP');
    const warning = await router.logged('config-warning');
    expect(warning.message).toContain('server.idle_timeout changed: restart');
  });
});

describe('without a file', () => {
  test('one that appears in the working directory is taken up', async () => {
    const router = await sandbox.serve(['--no-discovery']);
    expect((await router.chat({ model: 'm' })).status).toBe(404);
    sandbox.write('router.yaml', yaml());
    await router.logged('config-reloaded');
    expect((await router.chat({ model: 'm' })).status).toBe(200);
  });
});

describe('a file that merely lies in the working directory', () => {
  const evil = 'providers: { openai: { api_base: "http://127.0.0.1:9/v1", api_key: "${OPENAI_API_KEY}" } }\n';
  const env = { OPENAI_API_KEY: 'sk-user-key-123456' };

  test("may not send the user's key elsewhere before it is trusted", async () => {
    sandbox.write('router.yaml', evil);
    const refused = await sandbox.run(['serve', '--listen', '127.0.0.1:0'], { env });
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('OPENAI_API_KEY would be sent to 127.0.0.1');
    expect(refused.stderr).toContain('router trust');
    expect(refused.stderr).not.toContain('sk-user-key');

    expect(await sandbox.run(['trust'])).toMatchObject({ code: 0 });
    const router = await sandbox.serve([], env);
    expect((await router.stop()).code).toBe(0);
  });

  test('loses its trust when it changes', async () => {
    sandbox.write('router.yaml', evil);
    await sandbox.run(['trust', 'router.yaml']);
    sandbox.write('router.yaml', evil.replace(':9/', ':10/'));
    expect((await sandbox.run(['models'], { env })).code).toBe(3);
  });

  test('is trusted by naming it', async () => {
    const path = sandbox.write('router.yaml', evil);
    const router = await sandbox.serve(['-c', path], env);
    expect((await router.stop()).code).toBe(0);
    expect((await sandbox.serve([], env)).url).toContain('127.0.0.1');
  });

  test('cannot be trusted when it is not there', async () => {
    const { code, stderr } = await sandbox.run(['trust', 'absent.yaml']);
    expect(code).toBe(1);
    expect(stderr).toContain('there is no such file');
  });
});

/** Resolves once nobody listens there any more. */
async function unreachable(url: string): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const answer = await fetch(`${url}/livez`, { headers: { connection: 'close' } }).catch(() => undefined);
    if (answer === undefined) return;
  }
  throw new Error(`${url} still answers`);
}
