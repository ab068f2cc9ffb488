import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CliResult, Sandbox } from '../support/run-cli.ts';

/** In every secret, so that one look finds all of them. */
const mark = 'LEAK';

const secrets = [
  'GITHUB_TOKEN',
  'OPENAI_API_KEY',
  'ANTHROPIC_API_KEY',
  'GEMINI_API_KEY',
  'GOOGLE_API_KEY',
  'GOOGLE_VERTEX_API_KEY',
  'GOOGLE_CLOUD_PROJECT',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_BEARER_TOKEN_BEDROCK',
  'AZURE_OPENAI_API_KEY',
  'AZURE_OPENAI_API_VERSION',
  'AZURE_CLIENT_SECRET',
  'COHERE_API_KEY',
  'GROQ_API_KEY',
  'HF_TOKEN',
  'OLLAMA_API_KEY',
  'LM_API_TOKEN',
] as const;

const environment: Readonly<Record<string, string>> = {
  ...Object.fromEntries(secrets.map((name) => [name, `${mark}-${name.toLowerCase()}`])),
  DATABASE_URL: `postgres://me:${mark}@db.example/x`,
};

/** A host of somebody else's: takes whatever comes, and answers as model servers do. */
class ForeignHost {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #heard = '';

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => this.#listen(socket));
  }

  static async start(): Promise<ForeignHost> {
    const host = new ForeignHost(createServer());
    await new Promise<void>((resolve) => host.#server.listen(0, '127.0.0.1', resolve));
    return host;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get heard(): string {
    return this.#heard;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #listen(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
    socket.on('data', (bytes) => {
      this.#heard += bytes.toString('latin1');
      if (bytes.includes('\r\n\r\n')) socket.end(answer);
    });
  }
}

const choice = { index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' };
const body = JSON.stringify({ object: 'list', data: [{ id: 'm', object: 'model' }], choices: [choice] });
const answer = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

let sandbox: Sandbox;
let host: ForeignHost;

beforeEach(async () => {
  sandbox = new Sandbox(environment);
  host = await ForeignHost.start();
  writeHome('.aws/credentials', `[default]\naws_access_key_id=${mark}a\naws_secret_access_key=${mark}b\n`);
  writeHome('.aws/config', `[default]\nregion=${mark}-region-1\n`);
  writeHome('.netrc', `machine 127.0.0.1 login me password ${mark}\n`);
  writeHome('.env', `HOME_SECRET=${mark}\n`);
  writeHome(
    '.config/gcloud/application_default_credentials.json',
    JSON.stringify({ type: 'authorized_user', client_id: mark, client_secret: mark, refresh_token: mark }),
  );
});
afterEach(async () => {
  await sandbox[Symbol.asyncDispose]();
  await host.close();
});

function writeHome(name: string, text: string): string {
  const path = join(sandbox.directory, 'home', name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

function expectNoLeak(): void {
  expect(host.heard).not.toContain(mark);
  expect(host.heard).not.toContain(sandbox.directory);
  expect(host.heard).not.toMatch(/authorization: (?!bearer own\b)|x-amz-|api-version/i);
}

/** `HOST` stands for the foreign one. */
function write(yaml: string): void {
  sandbox.write('router.yaml', yaml.replaceAll('HOST', host.address));
}

const commands: readonly (readonly string[])[] = [
  ['serve', '--listen', '127.0.0.1:0'],
  ['doctor'],
  ['models'],
  ['route', 'm'],
  ['route', 'm', '--send', 'hi'],
  ['init', '--yes'],
];

/** Each takes one line of the file, and would send or open something of the user's. */
const providers: readonly string[] = [
  ...[...secrets, 'DATABASE_URL', 'HOME', 'PATH'].map((name) => `base_url: "http://HOST", api_key: "\${${name}}"`),
  'base_url: "http://HOST/${GITHUB_TOKEN}"',
  'base_url: "http://${GITHUB_TOKEN}.localhost"',
  'base_url: "http://HOST", headers: { cookie: "a=${GITHUB_TOKEN}" }',
  'base_url: "http://HOST", organization: "${DATABASE_URL}"',
  'base_url: "http://HOST", models: ["${GITHUB_TOKEN}"]',
  'models: [{ id: m, base_url: "http://HOST/${GITHUB_TOKEN}" }]',
  'base_url: "http://HOST", <<: *theirs',
  'type: azure, base_url: "http://HOST", api_key: own, api_version: "${GITHUB_TOKEN}"',
  'type: bedrock, base_url: "http://HOST"',
  'type: aws, api_base: "http://HOST", models: [m]',
  'api_format: bedrock, api_base: "http://HOST", api_key: ""',
  'type: bedrock, base_url: "http://HOST", aws_profile: default',
  'base_url: "https://bedrock-runtime.us-east-1.amazonaws.com"',
  'type: vertex, base_url: "http://HOST", project: p',
  'type: openai',
  'type: azure',
  'base_url: "https://api.groq.com/openai"',
  'base_url: "https://theirs.openai.azure.com"',
  'base_url: "http://HOST", local: true',
];
const others: readonly string[] = [
  'presets: { p: { system_prompt: "${DATABASE_URL}" } }',
  'models: { m: { params: { user: "${HOME}" }, endpoints: [{ provider: p0 }] } }',
  'discovery: { hosts: ["${GITHUB_TOKEN}.localhost"] }',
  'server: { host: 0.0.0.0 }',
  'auth: { keys: [{ name: them, key: known-to-them }] }',
];

describe('a file that came with a cloned folder', () => {
  test('is told for every line of it that wants something of the user, and nothing is sent', async () => {
    const lines = [
      'x-theirs: &theirs { api_key: "${OPENAI_API_KEY}" }',
      ...others,
      'providers:',
      ...providers.map((text, index) => `  p${index}: { ${text} }`),
    ];
    write(lines.join('\n'));
    const { code, stderr } = await sandbox.run(['models']);
    expect(code).toBe(3);
    const told = new Set(
      [...stderr.matchAll(/router\.yaml:(\d+):\d+ .*`router trust`/g)].map(([, line]) => Number(line)),
    );
    // What an anchor brings is told where it is written.
    const untold = lines.filter((_line, index) => !told.has(index + 1));
    expect(untold).toEqual(['providers:', expect.stringContaining('<<: *theirs')]);
    expect(stderr).not.toContain(mark);
    expect(host.heard).toBe('');
  });

  test.each(['server: { insecure: true }', 'server: { allowed_hosts: [evil.example] }', 'providers: { openai: {} }'])(
    'is refused for %s alone',
    async (yaml) => {
      write(yaml);
      const { code, stderr } = await sandbox.run(['serve']);
      expect(code).toBe(3);
      expect(stderr).toMatch(/router\.yaml:1:\d+ .*`router trust`/);
    },
  );

  test('is refused by every command alike', async () => {
    write(
      `providers:\n  x: { base_url: "http://HOST", api_key: "\${GITHUB_TOKEN}" }\n  bedrock: { base_url: "http://HOST" }\n`,
    );
    const results: CliResult[] = [];
    for (const command of commands) results.push(await sandbox.run(command));
    expect(results.map(({ code }) => code)).toEqual([3, 3, 3, 3, 3, 1]);
    for (const { stderr, stdout } of results.slice(0, -1)) {
      expect(stderr + stdout).toMatch(/router\.yaml:2:\d+ .*GITHUB_TOKEN would be sent to 127\.0\.0\.1/);
      expect(stderr + stdout).toMatch(/router\.yaml:3:\d+ .*the user's AWS credential would be sent to 127\.0\.0\.1/);
      expect(stderr + stdout).not.toContain(mark);
    }
    expect(host.heard).toBe('');
  });

  const greedy = `
discovery: { hosts: ["HOST"] }
providers:
  x:
    base_url: http://HOST/\${GITHUB_TOKEN:-none}
    api_key: \${OPENAI_API_KEY:-own}
    headers: { x-database: "\${DATABASE_URL:-none}", x-home: "\${HOME:-none}", x-path: "a\${PATH:-}b" }
    models: ["m", "\${GITHUB_TOKEN:-other}"]
  azure: { base_url: "http://HOST", api_key: own, models: [m] }
  openai: { base_url: "http://HOST", models: [m] }
  anthropic: { base_url: "http://HOST", models: [m] }
  gemini: { base_url: "http://HOST", models: [m] }
  cohere: { base_url: "http://HOST", models: [m] }
  groq: { base_url: "http://HOST", models: [{ id: m, base_url: "http://HOST/v1" }] }
  huggingface: { base_url: "http://HOST" }
  ollama: { base_url: "http://HOST" }
  lm_studio: { base_url: "http://HOST" }
  far: { base_url: "http://HOST", local: false, api_protocol: [messages] }
models:
  all:
    system_prompt: \${GITHUB_TOKEN:-be brief}
    endpoints: [{ provider: x, model: m, params: { user: "\${DATABASE_URL:-nobody}" } }, { provider: openai, model: m }]
`;

  test('that asks for everything with a default is used without anything of the user', async () => {
    write(greedy);
    const { code, stdout } = await sandbox.run(['models', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).models.map(({ id }: { id: string }) => id)).toContain('all');
    for (const command of [
      ['doctor'],
      ['route', 'all'],
      ['route', 'all', '--send', 'hi'],
      ['init', '--yes', '--print'],
    ]) {
      await sandbox.run(command);
    }
    const router = await sandbox.serve();
    await router.logged('listening');
    const warnings = router.log.filter(({ event }) => event === 'config-warning').map(({ message }) => message);
    expect(warnings).toContain('GITHUB_TOKEN of your environment is held back: the default is used');
    const ids = [
      'x',
      'azure',
      'openai',
      'anthropic',
      'gemini',
      'cohere',
      'groq',
      'huggingface',
      'ollama',
      'lm_studio',
      'far',
    ];
    for (const model of ['all', ...ids.map((id) => `${id}:m`)]) await (await router.chat({ model })).arrayBuffer();
    await router.stop();
    expect(host.heard).toMatch(/authorization: bearer own\r\n/i);
    expect(host.heard).toContain('x-database: none');
    expectNoLeak();
  });

  test('is not given what the user has by links to it', async () => {
    const links: readonly (readonly [name: string, target: string])[] = [
      ['.env', writeHome('.env', `HOME_SECRET=${mark}\n`)],
      ['.env', '/proc/self/environ'],
      ['.env', join(sandbox.directory, 'home', '.aws', 'credentials')],
      ['.env', '.git/config'],
      ['router.yaml', writeHome('mine.yaml', `providers: { x: { base_url: "\${BASE}", api_key: ${mark} } }\n`)],
    ];
    sandbox.write('.git/config', `[remote "origin"]\nurl = https://me:${mark}@example.com\n`);
    for (const [name, target] of links) {
      const folder = `clone-${links.findIndex((one) => one[1] === target)}`;
      const yaml =
        'providers: { x: { base_url: "http://HOST", api_key: "${HOME_SECRET:-own}${url:-}${aws_access_key_id:-}" } }';
      sandbox.write(`${folder}/router.yaml`, yaml.replace('HOST', host.address));
      sandbox.write(`${folder}/.env`, `BASE=http://${host.address}\n`);
      sandbox.remove(`${folder}/${name}`);
      symlinkSync(target.startsWith('/') ? target : join('..', target), join(sandbox.directory, folder, name));
      const { code, stderr } = await sandbox.run(['models'], { cwd: folder });
      expect([target, code]).toEqual([target, 3]);
      expect(stderr).toContain(`${name}  this is a link`);
      expect(stderr).not.toContain(mark);
    }
    expect(host.heard).toBe('');
  });

  test('has its own .env, which changes nothing of the machine', async () => {
    write('providers: { x: { base_url: "http://HOST/v1", api_key: "${GITHUB_TOKEN}", models: [m] } }\n');
    const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy', 'ALL_PROXY', 'OLLAMA_HOST'];
    const places = ['AZURE_OPENAI_ENDPOINT', 'AWS_CONTAINER_CREDENTIALS_FULL_URI', 'AWS_EC2_METADATA_SERVICE_ENDPOINT'];
    const lines = [...proxies, ...places, 'GCE_METADATA_HOST'].map((name) => `${name}=http://${host.address}`);
    sandbox.write('.env', ['GITHUB_TOKEN=own', 'AWS_PROFILE=default', 'ROUTER_HOST=0.0.0.0', ...lines].join('\n'));
    for (const command of [['models'], ['doctor'], ['route', 'm', '--send', 'hi']]) await sandbox.run(command);
    const router = await sandbox.serve();
    expect((await router.chat({ model: 'x:m' })).status).toBe(200);
    await router.stop();
    expect(host.heard).toMatch(/authorization: bearer own\r\n/i);
    expect(host.heard).not.toContain('CONNECT');
    expectNoLeak();
  });

  test('leaves no .env behind that sends keys elsewhere, once init has written over it', async () => {
    const before = host.heard;
    sandbox.write(
      '.env',
      `AZURE_OPENAI_ENDPOINT=https://theirs.openai.azure.com\nHTTPS_PROXY=http://${host.address}\n`,
    );
    const { code, stdout, stderr } = await sandbox.run(['init', '--yes', '--json']);
    expect([code, JSON.parse(stdout).trusted]).toEqual([0, false]);
    expect(stderr).toContain('AZURE_OPENAI_ENDPOINT');
    expect((await sandbox.run(['models'])).code).toBe(3);
    expect(host.heard).toBe(before);
  });
});

describe('trust', () => {
  const yaml = 'providers: { x: { base_url: "http://HOST", api_key: "${GITHUB_TOKEN}", models: [m] } }\n';

  test('is for this file, here, as it is', async () => {
    write(yaml);
    expect((await sandbox.run(['trust'])).code).toBe(0);
    expect((await sandbox.run(['models'])).code).toBe(0);
    sandbox.write('.env', 'A=b\n');
    expect((await sandbox.run(['models'])).code).toBe(3);
    sandbox.remove('.env');
    expect((await sandbox.run(['models'])).code).toBe(0);
    sandbox.write('copy/router.yaml', sandbox.read('router.yaml'));
    expect((await sandbox.run(['models'], { cwd: 'copy' })).code).toBe(3);
  });

  test('holds for the folder and not for a link to it that is turned elsewhere', async () => {
    const text = yaml.replaceAll('HOST', host.address);
    sandbox.write('one/router.yaml', text);
    sandbox.write('two/router.yaml', text);
    const link = join(sandbox.directory, 'link');
    symlinkSync('one', link);
    expect((await sandbox.run(['trust', 'link/router.yaml'])).code).toBe(0);
    expect((await sandbox.run(['models'], { cwd: 'one' })).code).toBe(0);
    sandbox.remove('link');
    symlinkSync('two', link);
    expect((await sandbox.run(['models'], { cwd: 'link' })).code).toBe(3);
  });

  test('takes effect in a router that runs, and ends there with an edit', async () => {
    write('providers: { x: { base_url: "http://HOST", api_key: "${GITHUB_TOKEN:-own}", models: [m] } }\n');
    const router = await sandbox.serve();
    await (await router.chat({ model: 'x:m' })).arrayBuffer();
    expectNoLeak();
    expect((await sandbox.run(['trust'])).code).toBe(0);
    await router.logged('config-reloaded');
    await (await router.chat({ model: 'x:m' })).arrayBuffer();
    expect(host.heard).toContain(`${mark}-github_token`);
    write('providers: { x: { base_url: "http://HOST/v2", api_key: "${GITHUB_TOKEN}", models: [m] } }\n');
    const { problems } = await router.logged('config-rejected');
    expect(String(problems)).toContain('GITHUB_TOKEN would be sent to 127.0.0.1');
    expect((await router.stop()).code).toBe(0);
  });
});
