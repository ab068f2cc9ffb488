import { afterAll, describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { Sandbox } from '../support/run-cli.ts';

const sandbox = new Sandbox();
afterAll(() => sandbox[Symbol.asyncDispose]());

const commands = ['init', 'serve', 'route', 'models', 'doctor', 'trust', 'completion'];

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

describe('a wrong command line', () => {
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
