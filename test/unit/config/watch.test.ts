import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { watchConfig } from '../../../src/config/watch.ts';
import { createFakeClock } from '../../support/clock.ts';

/** A watched file. `settle` waits for the file system's word, then lets the burst calm down. */
function start(prepare: (directory: string) => string) {
  const directory = mkdtempSync(join(tmpdir(), 'router-watch-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = prepare(directory);
  const clock = createFakeClock();
  const state = { changes: 0 };
  const watcher = watchConfig({
    paths: [path, join(directory, '.env')],
    clock,
    onChange: () => {
      state.changes += 1;
    },
  });
  onTestFinished(() => watcher.close());
  const settle = async () => {
    await clock.waitForTimers(1);
    clock.advance(200);
  };
  return { directory, path, clock, state, watcher, settle };
}

function plainFile(directory: string): string {
  const path = join(directory, 'router.yaml');
  writeFileSync(path, 'one');
  return path;
}

describe('watchConfig', () => {
  it('tells once of a burst of writes', async () => {
    const { path, state, settle } = start(plainFile);
    writeFileSync(path, 'two');
    writeFileSync(path, 'three');
    await settle();
    expect(state.changes).toBe(1);
  });

  it('does not tell of a write that changes nothing', async () => {
    const { path, state, settle } = start(plainFile);
    writeFileSync(path, 'one');
    await settle();
    expect(state.changes).toBe(0);
  });

  it('sees an editor that renames a new file over the old one, again and again', async () => {
    const { directory, path, state, settle } = start(plainFile);
    for (const [index, content] of ['two', 'three'].entries()) {
      writeFileSync(join(directory, 'draft'), content);
      renameSync(join(directory, 'draft'), path);
      await settle();
      expect(state.changes).toBe(index + 1);
    }
  });

  it('takes a file that is gone for a moment as unchanged', async () => {
    const { path, state, settle } = start(plainFile);
    unlinkSync(path);
    await settle();
    expect(state.changes).toBe(0);
    writeFileSync(path, 'two');
    await settle();
    expect(state.changes).toBe(1);
  });

  it('sees the link of a ConfigMap being swapped', async () => {
    const { directory, state, settle } = start((root) => {
      for (const version of ['v1', 'v2']) {
        mkdirSync(join(root, version));
        writeFileSync(join(root, version, 'router.yaml'), version);
      }
      symlinkSync('v1', join(root, '..data'));
      symlinkSync(join('..data', 'router.yaml'), join(root, 'router.yaml'));
      return join(root, 'router.yaml');
    });
    symlinkSync('v2', join(directory, '..data_tmp'));
    renameSync(join(directory, '..data_tmp'), join(directory, '..data'));
    await settle();
    expect(state.changes).toBe(1);
  });

  it('sees a change of the file that a link leads to', async () => {
    const { directory, state, settle } = start((root) => {
      mkdirSync(join(root, 'dotfiles'));
      writeFileSync(join(root, 'dotfiles', 'mine.yaml'), 'one');
      symlinkSync(join('dotfiles', 'mine.yaml'), join(root, 'router.yaml'));
      return join(root, 'router.yaml');
    });
    writeFileSync(join(directory, 'dotfiles', 'mine.yaml'), 'two');
    await settle();
    expect(state.changes).toBe(1);
  });

  it('sees a .env that appears', async () => {
    const { directory, state, settle } = start(plainFile);
    writeFileSync(join(directory, '.env'), 'A=1');
    await settle();
    expect(state.changes).toBe(1);
  });

  it('looks again for a directory that went away', async () => {
    const { path, clock, state } = start((root) => {
      mkdirSync(join(root, 'mount'));
      return plainFile(join(root, 'mount'));
    });
    rmSync(join(path, '..'), { recursive: true });
    await clock.waitForTimers(1);
    await clock.advanceAsync(200);
    mkdirSync(join(path, '..'));
    writeFileSync(path, 'two');
    await clock.advanceAsync(2_000);
    expect(state.changes).toBe(1);
  });

  it('tells nothing once it is closed', async () => {
    const { path, clock, state, watcher } = start(plainFile);
    writeFileSync(path, 'two');
    await clock.waitForTimers(1);
    watcher.close();
    watcher.close();
    clock.advance(10_000);
    expect(state.changes).toBe(0);
    expect(clock.pending).toEqual([]);
  });
});
