import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, parse, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };

const binary = resolve(process.platform === 'win32' ? 'dist/router.exe' : 'dist/router');

/** Building takes longer than all tests here, so it is left to `npm run build`; an old binary would prove nothing. */
function whyNotTested(): string | undefined {
  if (!existsSync(binary)) return 'dist/router is not built; run `npm run build`';
  const builtAtMs = statSync(binary).mtimeMs;
  const inputs = ['build.mjs', 'package.json', ...['src', 'templates'].filter(existsSync).flatMap(filesIn)];
  const newer = inputs.find((path) => statSync(path).mtimeMs > builtAtMs);
  return newer && `dist/router is older than ${newer}; run \`npm run build\``;
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path));
}

/** Runs the binary where nothing of a development machine is left: no PATH, no home, the root as working directory. */
function run(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const cwd = parse(binary).root;
  const { status, stdout, stderr } = spawnSync(binary, args, { cwd, env: { PATH: '', ...env }, encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('the single binary', () => {
  const reason = whyNotTested();
  const version = { status: 0, stdout: `${manifest.version}\n`, stderr: '' };

  test('tells its version with no node on the PATH', ({ skip }) => {
    skip(reason !== undefined, reason);
    expect(run(['--version'])).toEqual(version);
  });

  test('does not obey NODE_OPTIONS', ({ skip }) => {
    skip(reason !== undefined, reason);
    expect(run(['--version'], { NODE_OPTIONS: '--require /nonexistent' })).toEqual(version);
  });

  test('answers a usage error with exit code 2 and nothing on stdout', ({ skip }) => {
    skip(reason !== undefined, reason);
    const { status, stdout, stderr } = run(['--no-such-flag']);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('--no-such-flag');
  });
});
