import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemFiles } from '../../../src/config/files.ts';
import { loadFiles, loadText, problemsOf } from './load-text.ts';

let directory: string;
let path: string;
const load = () => loadFiles({}, { files: systemFiles, explicit: [path], cwd: directory });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'router-files-'));
  path = join(directory, 'router.yaml');
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe.skipIf(process.platform === 'win32')('in place of a configuration', () => {
  it('tells of a named pipe at once, where reading would wait for a writer', () => {
    execFileSync('mkfifo', [path]);
    expect(problemsOf(load)).toEqual(['router.yaml  this is a named pipe, not a file']);
  });

  it('tells of a link to one', () => {
    execFileSync('mkfifo', [join(directory, 'pipe')]);
    symlinkSync(join(directory, 'pipe'), path);
    expect(problemsOf(load)).toEqual(['router.yaml  this is a named pipe, not a file']);
  });

  it('tells of a directory', () => {
    mkdirSync(path);
    expect(problemsOf(load)).toEqual(['router.yaml  this is a directory, not a file']);
  });

  it('tells of a socket', async () => {
    const server = createServer().listen(path);
    await new Promise((resolve) => server.once('listening', resolve));
    expect(problemsOf(load)).toEqual(['router.yaml  this is a socket, not a file']);
    await new Promise((resolve) => server.close(resolve));
  });

  it('tells of a device, which may never end', () => {
    symlinkSync('/dev/zero', path);
    expect(problemsOf(load)).toEqual(['router.yaml  this is a device, not a file']);
  });

  it('does not read a file that is far too large to be one', () => {
    writeFileSync(path, '');
    truncateSync(path, 17 * 1024 * 1024);
    expect(problemsOf(load)).toEqual(['router.yaml  the file is larger than 16777216 bytes']);
  });

  it('warns of a named pipe in the place of .env, and goes on', () => {
    writeFileSync(path, 'presets: {}');
    execFileSync('mkfifo', [join(directory, '.env')]);
    expect(load().warnings).toMatchObject([{ message: 'this is a named pipe, not a file', severity: 'warning' }]);
  });
});

describe('nesting', () => {
  const textOf = (depth: number, [open, close]: readonly [string, string]) => open.repeat(depth) + close.repeat(depth);
  const kinds = [
    ['lists', ['[', ']']],
    ['maps', ['{a: ', '}']],
  ] as const;
  const cases = kinds.flatMap(([name, brackets]) =>
    [150, 700, 2_000, 20_000].map((depth) => ({ name, brackets, depth })),
  );

  it.each(cases)('tells of $depth $name one in the other', ({ brackets, depth }) => {
    const load = () => loadText(`presets: ${textOf(depth, brackets)}`);
    expect(problemsOf(load)).toContainEqual(expect.stringMatching(/nested too deep/));
  });
});
