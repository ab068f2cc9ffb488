import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { exitMeanings } from '../../src/cli/help-text.ts';
import { type FakeUpstream, startFake } from '../support/fake-upstream.ts';
import { type ReadmeBlock, readme, readmeBlocks, readmeExitCodes } from '../support/readme.ts';
import { Sandbox } from '../support/run-cli.ts';

// Each test starts several programs.
vi.setConfig({ testTimeout: 180_000 });

const blocks = readmeBlocks();

/** How each block is tried: the first that fits. */
const kinds: readonly { readonly name: string; readonly fits: (block: ReadmeBlock) => boolean }[] = [
  { name: 'config', fits: ({ language }) => language === 'yaml' },
  { name: 'codex', fits: ({ language }) => language === 'toml' },
  { name: 'path', fits: ({ language }) => language === 'text' },
  { name: 'tour', fits: ({ language }) => language === 'console' },
  { name: 'ci', fits: ({ language }) => language === 'bash' },
  { name: 'npm', fits: ({ language, text }) => language === 'sh' && text.startsWith('npm ') },
  { name: 'curl', fits: ({ language, text }) => language === 'sh' && text.startsWith('curl ') },
  { name: 'exports', fits: ({ language, text }) => language === 'sh' && text.startsWith('export ') },
  { name: 'client', fits: ({ language, text }) => language === 'sh' && /^[A-Z_]+=/.test(text) },
  { name: 'schema', fits: ({ language, text }) => language === 'sh' && text.startsWith('router config') },
  { name: 'removal', fits: ({ language, text }) => language === 'sh' && text.startsWith('rm ') },
];
const kindOf = (block: ReadmeBlock) => kinds.find(({ fits }) => fits(block))?.name;
const of = (kind: string) => blocks.filter((block) => kindOf(block) === kind);

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(() => sandbox[Symbol.asyncDispose]());

/** A program of this name for scripts to find. */
function stub(name: string, script: string): void {
  chmodSync(sandbox.write(`bin/${name}`, `#!/bin/bash\n${script}\n`), 0o755);
}

function stubRouter(): void {
  const program = process.env.ROUTER_BINARY ?? `${process.execPath}" "${resolve('dist/router.cjs')}`;
  stub('router', `echo $$ >> "${sandbox.directory}/pids"\nexec "${program}" "$@"`);
}

async function bash(text: string, env: Readonly<Record<string, string>> = {}) {
  const path = sandbox.write('block.sh', text);
  const child = spawn('bash', [path], {
    cwd: sandbox.directory,
    env: {
      PATH: `${join(sandbox.directory, 'bin')}:${process.env.PATH ?? ''}`,
      HOME: join(sandbox.directory, 'home'),
      ROUTER_STATE_DIR: sandbox.stateDirectory,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const outputs = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    outputs.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    outputs.stderr += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...outputs };
}

/** The block as it would read with the router at another address. */
function at(url: string, text: string): string {
  return text.replaceAll(/(http:\/\/)?(127\.0\.0\.1|localhost):4356/g, url);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('every block is of a kind that is tried below', () => {
  expect(blocks.filter((block) => kindOf(block) === undefined)).toEqual([]);
  expect(kinds.map(({ name }) => name).filter((name) => of(name).length === 0)).toEqual([]);
});

describe('a configuration', () => {
  test.each(of('config').map((block) => [block.line, block] as const))(
    'of line %i loads as it is',
    async (_, block) => {
      const path = sandbox.write('router.yaml', block.text);
      const checked = await sandbox.run(['doctor', '--config-only', '--json', '-c', path]);
      const failed = JSON.parse(checked.stdout).checks.filter(({ status }: { status: string }) => status === 'fail');
      expect({ code: checked.code, failed }).toEqual({ code: 0, failed: [] });
    },
  );
});

describe('in scripts', () => {
  const script = of('ci')[0]?.text ?? '';
  const pids = () => readFileSync(join(sandbox.directory, 'pids'), 'utf8').trim().split('\n').map(Number);

  test('the block lists the models, ends with 0 and leaves nothing running', async () => {
    stubRouter();
    const { code, stdout } = await bash(script);
    expect(code).toBe(0);
    expect(stdout).toContain('"object":"list"');
    expect(pids().filter(isAlive)).toEqual([]);
  });

  test('it leaves nothing running either when something in between fails', async () => {
    stubRouter();
    stub('curl', 'exit 22');
    // The trap tells it to end; once its output is closed too, it has.
    const { code } = await bash(script);
    expect(code).toBe(22);
    expect(pids().filter(isAlive)).toEqual([]);
  });

  test('a router that does not start ends it', async () => {
    stub('router', 'exit 3');
    expect((await bash(script)).code).not.toBe(0);
  });
});

describe('what is typed', () => {
  test.each(of('curl').map((block) => [block.line, block] as const))('in line %i is answered', async (_, block) => {
    const router = await sandbox.serve(['--demo', '--no-discovery']);
    const { code, stdout } = await bash(at(router.url, block.text));
    expect(code).toBe(0);
    const isFailure = block.text.includes('demo:fail');
    expect(JSON.parse(stdout)).toMatchObject(
      isFailure ? { error: expect.anything() } : { choices: [expect.anything()] },
    );
  });

  test.each(of('npm').map((block) => [block.line, block] as const))('in line %i are scripts that exist', (_, block) => {
    const names = [...block.text.matchAll(/npm (?:run )?(start|test|\w+)/g)].map((match) => match[1] ?? '');
    for (const name of names) expect([...Object.keys(manifest.scripts), 'ci']).toContain(name);
  });

  test('the schema comes from the program', async () => {
    stubRouter();
    expect((await bash(of('schema')[0]?.text ?? '')).code).toBe(0);
    expect(JSON.parse(sandbox.read('router.schema.json'))).toMatchObject({ $id: 'urn:router:config' });
  });

  test('takes everything away', async () => {
    const home = { HOME: join(sandbox.directory, 'home'), ROUTER_STATE_DIR: '' };
    const path = sandbox.write('home/.config/router/router.yaml', '{}\n');
    stub('router', '');
    await sandbox.run(['trust', path], { env: home });
    expect(existsSync(join(home.HOME, '.local/state/router'))).toBe(true);
    expect((await bash(of('removal')[0]?.text ?? '', home)).code).toBe(0);
    expect(existsSync(path) || existsSync(join(home.HOME, '.local/state/router'))).toBe(false);
  });
});

describe('clients', () => {
  const model = 'demo:echo';
  const json = `-fsS -H 'content-type: application/json'`;

  test.each(of('client').map((block) => [block.line, block] as const))(
    'of line %i reach the router',
    async (_, block) => {
      stub(
        'claude',
        `curl ${json} "$ANTHROPIC_BASE_URL/v1/messages" -d '{"model":"'$ANTHROPIC_MODEL'","max_tokens":9,"messages":[{"role":"user","content":"ok"}]}'`,
      );
      stub(
        'gemini',
        `curl ${json} "$GOOGLE_GEMINI_BASE_URL/v1beta/models/$2:generateContent" -d '{"contents":[{"role":"user","parts":[{"text":"ok"}]}]}'`,
      );
      const router = await sandbox.serve(['--demo', '--no-discovery']);
      const text = at(router.url, block.text).replace(/=MODEL\b|(?<=-m )MODEL/g, (word) =>
        word.replace('MODEL', model),
      );
      const { code, stdout, stderr } = await bash(text.replace('=CONTEXT', '=4096'));
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('ok');
    },
  );

  test('of the SDKs find their paths below what is exported', async () => {
    const router = await sandbox.serve(['--demo', '--no-discovery']);
    const asks = [
      'curl -fsS "$OPENAI_BASE_URL/models" -H "authorization: Bearer $OPENAI_API_KEY"',
      'curl -fsS "$ANTHROPIC_BASE_URL/v1/models" -H "x-api-key: $ANTHROPIC_API_KEY" -H "anthropic-version: 2023-06-01"',
      'curl -fsS "$GOOGLE_GEMINI_BASE_URL/v1beta/models" -H "x-goog-api-key: $GEMINI_API_KEY"',
      'curl -fsS "$OLLAMA_HOST/api/tags"',
    ];
    const { code, stdout } = await bash(`set -e\n${at(router.url, of('exports')[0]?.text ?? '')}\n${asks.join('\n')}`);
    expect(code).toBe(0);
    expect(stdout.match(/"echo"|models\/echo/g)?.length).toBeGreaterThanOrEqual(4);
  });

  test('such as Codex find theirs', async () => {
    const router = await sandbox.serve(['--demo', '--no-discovery']);
    const text = at(router.url, of('codex')[0]?.text ?? '');
    const base = /^base_url = "(.+)"$/m.exec(text)?.[1];
    const path = /^wire_api = "(.+)"$/m.exec(text)?.[1];
    const answer = await fetch(`${base}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, input: 'ok' }),
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ object: 'response' });
  });
});

describe('the tour', () => {
  let ollama: FakeUpstream;
  let llamacpp: FakeUpstream;
  beforeEach(async () => {
    ollama = await startFake({
      kind: 'ollama',
      models: ['llama3.1:8b', { id: 'nomic-embed-text:latest', type: 'embedding' }],
    });
    llamacpp = await startFake({ kind: 'llamacpp', models: [{ id: 'qwen3-8b', context: 4096 }] });
  });
  afterEach(async () => {
    await ollama.close();
    await llamacpp.close();
  });

  test('goes as it is told', async () => {
    stubRouter();
    const path = sandbox.write(
      'router.yaml',
      `discovery: { servers: [] }
providers:
  ollama: { base_url: "${ollama.origin}", type: ollama }
  llamacpp: { base_url: "${llamacpp.origin}", type: llamacpp }
models:
  assistant:
    endpoints: [{ provider: ollama, model: "llama3.1:8b" }, { provider: llamacpp, model: qwen3-8b }]
`,
    );
    const router = await sandbox.serve(['-c', path]);
    const [listed, failedOver, refused] = of('tour').map(({ text }) => commandsOf(at(router.url, text)));
    for (const { command, output } of listed ?? []) {
      const { code, stdout } = await bash(command);
      expect({ code, words: firstWords(stdout) }).toEqual({ code: 0, words: firstWords(output) });
    }
    await ollama.stop();
    for (const { command, output } of failedOver ?? []) {
      const { stdout } = await bash(command);
      expect(valuesOf(stdout)).toEqual(valuesOf(output));
    }
    // How a name that leads nowhere is told depends on when its server was last seen; only the command is tried.
    for (const { command } of refused ?? []) expect((await bash(command)).code).toBeLessThan(exitCodes.usage);
  });

  /** `$ command`, with its further lines, and what it prints. */
  function commandsOf(text: string): readonly { readonly command: string; readonly output: string }[] {
    return text
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const [, command = '', output = ''] = /^((?:.*\\\n)*.*)\n([\s\S]*)$/.exec(part) ?? [];
        return { command, output };
      });
  }

  /** Of each line, without numbers and addresses that differ from run to run. */
  function firstWords(text: string): readonly string[] {
    const words = text
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).slice(0, 2).join(' '));
    return words.map((line) => (/^[a-z]/.test(line) ? (line.split(' ')[0] ?? '') : line));
  }

  /** The headers, with the value of those that are facts and not measurements. */
  function valuesOf(text: string): readonly string[] {
    return text
      .trim()
      .split(/\r?\n/)
      .map((line) => line.trim().replace(/^(x-router-(?:request-id|latency-ms)): .*/, '$1'));
  }
});

test('the files on the path of a request exist', () => {
  const example: Readonly<Record<string, string>> = { in: 'openai-chat', out: 'openai-chat', strategy: 'round-robin' };
  const files = of('path')
    .flatMap(({ text }) => [...text.matchAll(/(?:[\w<>-]+\/)+[\w<>-]+\.ts/g)].map((match) => match[0]))
    .map((file) => file.replace(/<(\w+)>/g, (_, name: string) => example[name] ?? name));
  expect(files.length).toBeGreaterThan(7);
  for (const file of files) expect(existsSync(resolve('src', file)), file).toBe(true);
});

describe('exit codes', () => {
  test('are listed as the program has them', () => {
    const actual = Object.entries(exitCodes).map(([name, code]) => [
      exitMeanings[name as keyof typeof exitCodes],
      code,
    ]);
    expect([...readmeExitCodes()]).toEqual(actual);
  });

  const code = (meaning: string) => readmeExitCodes().get(meaning);

  test.each([['models'], ['doctor', '--config-only']])('ok: %s %s', async (...args) => {
    expect((await sandbox.run(['-c', sandbox.write('r.yaml', 'discovery: { enabled: false }\n'), ...args])).code).toBe(
      code('ok'),
    );
  });

  test.each([
    ['route', 'no-such-model'],
    ['trust', 'absent.yaml'],
  ])('failed: %s %s', async (...args) => {
    const path = sandbox.write('r.yaml', 'discovery: { enabled: false }\n');
    expect((await sandbox.run(['-c', path, ...args])).code).toBe(code('failed'));
  });

  test.each([
    ['serve', '--listen', 'nowhere'],
    ['config', 'nothing'],
    ['init', '--template', 'absent'],
    ['models', '--absent'],
  ])('usage: %s %s', async (...args) => {
    expect((await sandbox.run(args)).code).toBe(code('usage'));
  });

  test.each([['serve'], ['models'], ['doctor', '--config-only']])('configuration: %s', async (...args) => {
    const wrong = sandbox.write('r.yaml', 'server: { lisen: x }\n');
    expect((await sandbox.run([...args, '-c', wrong])).code).toBe(code('configuration'));
  });

  test('no router reachable: one that answered a moment ago and then does not', async () => {
    await using running = await halfRouter();
    expect((await sandbox.run(['models'])).code).toBe(code('no router reachable'));
    expect(running.asked).toBeGreaterThan(1);
  });

  test('interrupted: a second signal', () => {
    // What it does is tried in serve.test.ts; here only that the number is the one that shells use for it.
    expect(code('interrupted')).toBe(128 + 2);
  });

  /** A router that says it runs, and hangs up on every other question. */
  async function halfRouter() {
    const state = { asked: 0 };
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (chunk) => {
        state.asked += 1;
        if (!chunk.toString().startsWith('GET /admin/status')) return socket.destroy();
        const body = '{"log":{"lost_lines":0,"reason":null}}';
        socket.end(
          `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
        );
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const run = {
      pid: process.pid,
      port,
      url: `http://127.0.0.1:${port}`,
      config: [],
      admin_token: 'x',
      started_at: 0,
    };
    sandbox.write(`state/run/${port}.json`, JSON.stringify(run));
    return {
      get asked() {
        return state.asked;
      },
      [Symbol.asyncDispose]: async () => void (await new Promise((done) => server.close(done))),
    };
  }
});

test('what every kind of command is called stands in the table', () => {
  for (const name of ['init', 'serve', 'route', 'models', 'doctor', 'trust', 'config', 'completion', 'version']) {
    expect(readme).toContain(`| \`router ${name}`);
  }
});
