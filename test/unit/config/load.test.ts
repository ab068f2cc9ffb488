import { describe, expect, it } from 'vitest';
import { formatIssue } from '../../../src/config/issues.ts';
import { issuesOf, loadFiles, loadText, problemsOf } from './load-text.ts';

const local = 'providers: { box: { base_url: "http://localhost:8000" } }\n';

describe('loadConfig', () => {
  it('gives the defaults when there is no file', () => {
    const loaded = loadFiles({});
    const watched = ['/work/router.yaml', '/work/bitrouter.yaml'];
    expect(loaded).toMatchObject({ foundBy: 'none', paths: [], watched, warnings: [] });
    expect(loaded.config.server).toMatchObject({ listen: '127.0.0.1:4356', read_timeout: 5_000 });
    expect(loaded.config.discovery).toEqual({ enabled: true, interval: 10_000, hosts: [] });
  });

  it('gives a frozen snapshot', () => {
    const { config } = loadText(local);
    expect(Object.isFrozen(config.providers.box)).toBe(true);
    expect(Object.isFrozen(config.server.allowed_hosts)).toBe(true);
  });

  it('takes an empty file and empty sections for defaults', () => {
    expect(loadText('').config.providers).toEqual({});
    expect(loadText('# nothing\n').config.providers).toEqual({});
    const { config } = loadText('server:\nproviders:\n  openai:\n  groq:\n    api_key:\nrouting:\n  failover:\n');
    expect(config.providers).toEqual({ openai: { active: true }, groq: { active: true } });
    expect(config.routing.failover.enabled).toBe(true);
  });

  it('knows every kind of server that can be looked for, in the usual spellings', () => {
    const { config } = loadText('discovery: { servers: [lm-studio, llama.cpp, vLLM] }\n');
    expect(config.discovery.servers).toEqual(['lm_studio', 'llamacpp', 'vllm']);
    const [problem] = problemsOf(() => loadText('discovery: { servers: [ollama, anthropic] }\n'));
    expect(problem).toMatch(
      /^router\.yaml:1:32 {2}"anthropic" is not a kind of server that can be found {2}known are ollama, /,
    );
  });

  it('still wants the endpoints of a virtual model that is left empty', () => {
    expect(problemsOf(() => loadText('models:\n  fast:\n'))).toEqual([
      'router.yaml:2:3  "endpoints" is missing in models.fast',
    ]);
  });

  it.each([
    ['EISDIR', 'router.yaml  this is a directory, not a file'],
    ['EACCES', 'router.yaml  the file may not be read by this user'],
  ])('tells a file that cannot be read (%s) in one line', (code, line) => {
    const error = Object.assign(new Error(code), { code });
    expect(problemsOf(() => loadFiles({ '/work/router.yaml': error }))).toEqual([line]);
  });

  it('tells every explicit file that is missing', () => {
    expect(problemsOf(() => loadFiles({}, { explicit: ['a.yaml', '/etc/b.yaml'] }))).toEqual([
      'a.yaml  there is no such file',
      '/etc/b.yaml  there is no such file',
    ]);
  });

  it('warns of a file name that is not read', () => {
    const { warnings } = loadFiles({ '/work/router.yml': local });
    expect(warnings.map(formatIssue)).toEqual(['router.yml  this file is not read  rename it to router.yaml']);
  });

  it('follows anchors and merge keys, its own settings first', () => {
    const text = `providers:
  a: &base
    base_url: http://localhost:1
    max_concurrent: 2
  b:
    <<: *base
    base_url: http://localhost:2
`;
    expect(loadText(text).config.providers.b).toMatchObject({ base_url: 'http://localhost:2', max_concurrent: 2 });
  });

  it('stops at a file that anchors blow up', () => {
    const levels = Array.from(
      { length: 9 },
      (_, i) => `l${i + 1}: &l${i + 1} [${Array(10).fill(`*l${i}`).join(', ')}]`,
    );
    const text = ['l0: &l0 [1]', ...levels].join('\n');
    expect(problemsOf(() => loadText(text))[0]).toBe(
      'router.yaml:1:1  the file is too large once its anchors are expanded',
    );
  });

  it('refuses a key that would change every object', () => {
    expect(problemsOf(() => loadText('__proto__: { a: 1 }\n'))).toEqual(['router.yaml:1:1  this cannot be a key']);
  });

  it('prints a file outside of the working directory by its whole path', () => {
    const [issue] = issuesOf(() => loadFiles({ '/etc/router.yaml': 'a: 1' }, { explicit: ['/etc/router.yaml'] }));
    expect(issue).toMatchObject({ file: '/etc/router.yaml', line: 1, column: 1, path: 'a', severity: 'error' });
  });

  it('warns of declared keys that nobody is asked for', () => {
    const { warnings } = loadText('server: { skip_auth: true }\nauth: { keys: [{ name: a, key: k }] }\n');
    expect(warnings.map(formatIssue)).toEqual([
      'router.yaml:1:11  keys are declared, but requests are taken without one  remove this line to ask for them',
    ]);
  });
});

describe('variables', () => {
  const environment = { PORT: '8123', ON: 'true', COUNT: '7', EMPTY: '', NAME: 'box', SECRET: 'sk-secret' };

  it('fill values and become what the setting wants', () => {
    const text = `server:
  port: \${PORT}
  insecure: "\${ON}"
providers:
  box:
    base_url: http://\${NAME}:\${PORT}
    max_concurrent: \${COUNT}
    default_timeout: \${COUNT}
    local: \${UNSET:-false}
    headers: { x-number: "\${COUNT}" }
models:
  m: { local_only: "\${ON}", endpoints: [{ provider: "\${NAME}" }] }
`;
    const { config } = loadText(text, { environment });
    expect(config.server).toMatchObject({ listen: '127.0.0.1:8123', insecure: true });
    expect(config.providers.box).toMatchObject({
      base_url: 'http://box:8123',
      max_concurrent: 7,
      default_timeout: 7_000,
      local: false,
      headers: { 'x-number': '7' },
    });
    expect(config.models.m).toMatchObject({ local_only: true, endpoints: [{ provider: 'box' }] });
  });

  it('cannot change the structure of the file', () => {
    const injected = { NAME: 'x"\n    api_base: http://evil' };
    const { config } = loadText('presets:\n  p:\n    system_prompt: "${NAME}"\n', { environment: injected });
    expect(config.presets.p).toEqual({ system_prompt: injected.NAME });
  });

  it.each([
    ['$$', '$'],
    ['$${NAME}', '${NAME}'],
    ['a $5 b', 'a $5 b'],
    ['${EMPTY:-x}', 'x'],
    ['${EMPTY}', ''],
    ['${UNSET:-}', ''],
    ['${UNSET:-a:b-c}', 'a:b-c'],
  ])('%s means %s', (written, meant) => {
    const { config } = loadText(`presets: { p: { system_prompt: '${written}' } }`, { environment });
    expect(config.presets.p?.system_prompt).toBe(meant);
  });

  it('are left alone in keys and comments', () => {
    const { config } = loadText('# ${UNSET}\npresets: { p: { params: { "${UNSET}": x } } }');
    expect(config.presets.p).toEqual({ params: { '${UNSET}': 'x' } });
  });

  it('without a value disable a provider when they are its key', () => {
    const loaded = loadText('providers: { openai: { api_key: "${OPENAI_API_KEY}" }, groq: { api_key: "${EMPTY}" } }', {
      environment,
    });
    expect(loaded.disabledProviders).toEqual([
      { id: 'openai', variable: 'OPENAI_API_KEY' },
      { id: 'groq', variable: 'EMPTY' },
    ]);
    expect(loaded.config.providers).toEqual({ openai: { active: false }, groq: { active: false } });
    expect(loaded.warnings.map((issue) => issue.message)).toEqual([
      'provider "openai" is disabled: OPENAI_API_KEY is not set',
      'provider "groq" is disabled: EMPTY is not set',
    ]);
  });

  it('do not disable a provider whose key a later file brings', () => {
    const loaded = loadFiles(
      {
        '/work/a.yaml': 'providers: { openai: { api_key: "${OPENAI_API_KEY}" } }',
        '/work/b.yaml': 'providers: { openai: { api_key: "${SECRET}" } }',
      },
      { explicit: ['a.yaml', 'b.yaml'], environment },
    );
    expect(loaded.disabledProviders).toEqual([]);
    expect(loaded.config.providers.openai).toEqual({ api_key: 'sk-secret', active: true });
  });

  it('are only warned of where secrets are not to be expected', () => {
    const text = `server: { port: "\${UNSET}" }
providers: { box: { base_url: "\${UNSET}", max_concurrent: "\${UNSET}" } }
auth: { keys: [{ name: a, key: "\${UNSET}" }] }
`;
    expect(problemsOf(() => loadText(text)).length).toBe(4);
    const { config, warnings } = loadText(text, { missingVariables: 'warn' });
    expect(config.server.listen).toBe('127.0.0.1:4356');
    expect(warnings.map((issue) => issue.line)).toEqual([1, 2, 2, 3]);
  });

  it('never appear in messages', () => {
    const text = `providers:
  box: { base_url: "\${SECRET}", default_timeout: "\${SECRET}", type: "\${SECRET}", api_protocol: "\${SECRET}" }
models: { m: { endpoints: [{ provider: "\${SECRET}" }], local_only: "\${SECRET}" } }
logging: { level: "\${SECRET}" }
`;
    const problems = problemsOf(() => loadText(text, { environment }));
    expect(problems.length).toBeGreaterThanOrEqual(7);
    expect(problems.join('\n')).not.toContain('sk-secret');
  });
});

describe('.env', () => {
  const text = 'presets: { p: { system_prompt: "${WORD}" } }';

  it('beside the file feeds variables, and the real environment wins', () => {
    const files = { '/work/router.yaml': text, '/work/.env': '\uFEFFexport WORD="from file" # c\nKEY=1\n' };
    const loaded = loadFiles(files);
    expect(loaded.config.presets.p?.system_prompt).toBe('from file');
    expect(loaded.environment).toEqual({ WORD: 'from file', KEY: '1' });
    expect(loaded.watched).toEqual(['/work/router.yaml', '/work/.env']);
    expect(loadFiles(files, { environment: { WORD: 'real' } }).config.presets.p?.system_prompt).toBe('real');
  });

  it('cannot move the listener', () => {
    const { config } = loadFiles({ '/work/router.yaml': '', '/work/.env': 'ROUTER_HOST=0.0.0.0\nROUTER_PORT=1\n' });
    expect(config.server.listen).toBe('127.0.0.1:4356');
  });

  it('is told when it cannot be read', () => {
    const error = Object.assign(new Error('EACCES'), { code: 'EACCES' });
    expect(problemsOf(() => loadFiles({ '/work/router.yaml': '', '/work/.env': error }))).toEqual([
      '/work/.env  the file may not be read by this user',
    ]);
  });
});

describe('several files', () => {
  const load = (a: string, b: string) =>
    loadFiles({ '/work/a.yaml': a, '/work/b.yaml': b }, { explicit: ['a.yaml', 'b.yaml'] }).config;

  it('merge maps deep and take scalars and lists from the later', () => {
    const config = load(
      'providers: { box: { base_url: "http://a", max_concurrent: 1, models: [x, y] } }\nserver: { insecure: true }',
      'providers: { box: { max_concurrent: 2, models: [z] }, other: { base_url: "http://b" } }',
    );
    expect(config.server.insecure).toBe(true);
    expect(Object.keys(config.providers)).toEqual(['box', 'other']);
    expect(config.providers.box).toMatchObject({ base_url: 'http://a', max_concurrent: 2, models: [{ id: 'z' }] });
  });

  it.each([
    ['api_base', 'base_url'],
    ['base_url', 'api_base'],
  ])('take a later %s for an earlier %s', (later, earlier) => {
    const config = load(
      `providers: { box: { ${earlier}: "http://a/v1" } }`,
      `providers: { box: { ${later}: "http://b/v1" } }`,
    );
    expect(config.providers.box).toEqual({ [later]: 'http://b/v1', active: true });
  });

  it('may change the port alone', () => {
    expect(load('server: { listen: "[::1]:80" }', 'server: { port: 81 }').server.listen).toBe('[::1]:81');
  });

  it('replace a protocol given as a word as a whole', () => {
    const config = load(
      'providers: { box: { base_url: "http://a", api_protocol: { "gpt*": responses } } }',
      'providers: { box: { api_protocol: messages } }',
    );
    expect(config.providers.box?.api_protocol).toEqual({ '*': ['messages'] });
  });

  it('keep what a later empty section says nothing about', () => {
    expect(load('providers: { box: { base_url: "http://a" } }', 'providers:\n  box:\n').providers.box).toEqual({
      base_url: 'http://a',
      active: true,
    });
  });

  it('point problems at the file they are in', () => {
    expect(problemsOf(() => load('servr: {}', 'provider: {}'))).toEqual([
      'a.yaml:1:1  unknown section "servr"  did you mean "server"?',
      'b.yaml:1:1  unknown section "provider"  did you mean "providers"?',
    ]);
  });
});
