import { afterAll, describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { Sandbox } from '../support/run-cli.ts';

const sandbox = new Sandbox();
afterAll(() => sandbox[Symbol.asyncDispose]());

const commands = ['init', 'serve', 'route', 'models', 'doctor', 'trust', 'config', 'completion', 'version'];

describe('help', () => {
  test('of the program is on stdout', async () => {
    const { code, stdout, stderr } = await sandbox.run(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await expect(stdout).toMatchFileSnapshot('../golden/cli/help.txt');
  });

  test.each(commands)('of %s names its options', async (command) => {
    const { code, stdout } = await sandbox.run([command, '--help']);
    expect(code).toBe(0);
    await expect(stdout).toMatchFileSnapshot(`../golden/cli/help-${command}.txt`);
  });
});

describe('the version', () => {
  test.each(['--version', '-V'])('%s prints it and nothing else', async (flag) => {
    expect(await sandbox.run([flag])).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });
});

describe('words for help and version', () => {
  test.each([
    [['help'], ['--help']],
    [
      ['help', 'serve'],
      ['serve', '--help'],
    ],
    [
      ['help', 'config'],
      ['config', '--help'],
    ],
    [
      ['--no-color', 'help', 'route'],
      ['route', '--help'],
    ],
  ])('%j is %j', async (words, options) => {
    const { code, stdout } = await sandbox.run(words);
    expect({ code, stdout }).toEqual({ code: 0, stdout: (await sandbox.run(options)).stdout });
  });

  test('help of what is not a command ends with 2', async () => {
    const { code, stderr } = await sandbox.run(['help', 'modles']);
    expect(code).toBe(2);
    expect(stderr).toContain('did you mean `router models`?');
  });

  test('version prints it, as JSON too', async () => {
    expect((await sandbox.run(['version'])).stdout).toBe(`${manifest.version}\n`);
    expect(JSON.parse((await sandbox.run(['version', '--json'])).stdout)).toEqual({ version: manifest.version });
  });
});

describe('config', () => {
  test('schema prints the JSON Schema, however wrong the file here is', async () => {
    sandbox.write('wrong.yaml', 'no: such: thing');
    const { code, stdout } = await sandbox.run(['config', 'schema', '-c', 'wrong.yaml']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      $id: 'urn:router:config',
      properties: { providers: expect.anything() },
    });
  });

  test('path prints the file that is read, and why on stderr', async () => {
    await using own = new Sandbox();
    expect(await own.run(['config', 'path'])).toMatchObject({ code: 0, stdout: '' });
    const path = own.write('home/.config/router/router.yaml', '');
    expect(await own.run(['config', 'path'])).toMatchObject({ stdout: `${path}\n` });
    const here = own.write('router.yaml', '');
    const found = await own.run(['config', 'path']);
    expect(found).toMatchObject({ stdout: `${here}\n`, stderr: expect.stringContaining('working directory') });
    const named = await own.run(['config', 'path', '--json', '-c', 'a.yaml', '-c', 'b.yaml']);
    expect(JSON.parse(named.stdout)).toMatchObject({
      found_by: 'explicit',
      paths: [`${own.directory}/a.yaml`, `${own.directory}/b.yaml`],
    });
  });
});

describe('a wrong command line', () => {
  test.each([
    ['ps', 'router models'],
    ['list', 'router models'],
    ['ls', 'router models'],
    ['status', 'router models'],
    ['start', 'router serve'],
    ['run', 'router route MODEL --send TEXT'],
    ['validate', 'router doctor --config-only'],
    ['setup', 'router init'],
    ['pull', 'ollama pull'],
    ['stop', 'Ctrl-C'],
    ['constructor', 'router --help'],
  ])('with %s, as other programs have it, says what does that here', async (word, hint) => {
    const { code, stderr } = await sandbox.run([word]);
    expect(code).toBe(2);
    expect(stderr).toContain(hint);
  });

  test('ends with 2 and nothing on stdout', async () => {
    const { code, stdout, stderr } = await sandbox.run(['--no-such-flag']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain("unknown option '--no-such-flag'");
  });

  test('names the command that was probably meant', async () => {
    const { code, stderr } = await sandbox.run(['modles']);
    expect(code).toBe(2);
    expect(stderr).toContain('did you mean `router models`?');
  });

  test('finds the command behind options with values', async () => {
    const { code, stderr } = await sandbox.run(['-c', 'router.yaml', 'modles']);
    expect(code).toBe(2);
    expect(stderr).toContain('there is no command "modles"');
  });

  test('is told as JSON to whoever wants JSON', async () => {
    const { code, stdout } = await sandbox.run(['route', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'usage', hint: expect.any(String) } });
  });

  test('with a value that is none of the choices ends with 2', async () => {
    const { code, stderr } = await sandbox.run(['route', 'm', '--protocol', 'telepathy']);
    expect(code).toBe(2);
    expect(stderr).toContain('chat_completions');
  });

  test('with a number that is none ends with 2', async () => {
    expect((await sandbox.run(['route', 'm', '--tokens', 'many'])).code).toBe(2);
  });
});

describe('a configuration that is named and missing', () => {
  test('ends with 3 and says which', async () => {
    const { code, stdout, stderr } = await sandbox.run(['models', '-c', 'absent.yaml']);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain('absent.yaml  there is no such file');
  });

  test('is told as JSON too', async () => {
    const { code, stdout } = await sandbox.run(['models', '-c', 'absent.yaml', '--json']);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'config_invalid' } });
  });
});

describe('completion', () => {
  test('for bash offers commands and options when bash runs it', async ({ skip }) => {
    const { spawnSync } = await import('node:child_process');
    skip(spawnSync('bash', ['--version']).status !== 0, 'there is no bash');
    const { stdout } = await sandbox.run(['completion', 'bash']);
    const complete = (words: string) => {
      const script = `${stdout}\nCOMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]}-1)); _router; echo "\${COMPREPLY[@]}"`;
      return spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout.trim();
    };
    expect(complete('router do')).toBe('doctor');
    expect(complete('router serve --lis')).toBe('--listen');
    expect(complete('router models --pro')).toBe('--provider');
  });

  test.each(['zsh', 'fish'])('for %s names every command', async (shell) => {
    const { code, stdout } = await sandbox.run(['completion', shell]);
    expect(code).toBe(0);
    for (const command of commands) expect(stdout).toContain(command);
  });

  test('for another shell ends with 2', async () => {
    expect((await sandbox.run(['completion', 'tcsh'])).code).toBe(2);
  });
});
