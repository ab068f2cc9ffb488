import { createHash } from 'node:crypto';
import { type FSWatcher, realpathSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock, Timer } from '../core/clock.ts';
import { type Files, isMissing, systemFiles } from './files.ts';

export interface WatchOptions {
  /** Absolute; may not exist (yet). */
  readonly paths: readonly string[];
  readonly clock: Clock;
  /** Called once a burst of changes has calmed down and the content is really another one. */
  readonly onChange: () => void;
  readonly files?: Files;
}

export interface ConfigWatcher {
  /** Safe to repeat. No call of `onChange` comes after it. */
  close(): void;
}

/** Editors write in several steps; a reload in between would read half a file. */
const settleMs = 200;
/** A watched directory that went away (a remounted volume) is looked for again after this. */
const rearmMs = 2_000;

/**
 * Watches the directories of the files and not the files: editors replace a file by renaming another over it, and
 * Kubernetes swaps a link beside it. What counts is the content; a file that is gone for a moment has not changed.
 */
export function watchConfig(options: WatchOptions): ConfigWatcher {
  const files = options.files ?? systemFiles;
  const watchers = new Map<string, FSWatcher>();
  const contents = new Map(options.paths.map((path) => [path, contentHash(path, files)]));
  let timer: Timer | undefined;
  let isClosed = false;

  const later = (delayMs: number, action: () => void) => {
    timer?.cancel();
    timer = isClosed ? undefined : options.clock.setTimer(delayMs, action);
  };
  const drop = (directory: string) => {
    watchers.get(directory)?.close();
    watchers.delete(directory);
  };
  // Opened anew each time: a directory that was replaced by another of its name keeps a watcher that sees nothing.
  const arm = () => {
    for (const directory of [...watchers.keys()]) drop(directory);
    const wanted = [...new Set(options.paths.flatMap(directoriesOf))];
    if (wanted.filter((directory) => !open(directory)).length > 0) later(rearmMs, check);
  };
  const open = (directory: string): boolean => {
    try {
      const watcher = watch(directory, { persistent: false }, () => later(settleMs, check));
      watcher.on('error', () => later(rearmMs, check));
      watchers.set(directory, watcher);
      return true;
    } catch {
      return false;
    }
  };
  const check = () => {
    timer = undefined;
    arm();
    let isChanged = false;
    for (const path of options.paths) {
      const hash = contentHash(path, files);
      if (hash === undefined || hash === contents.get(path)) continue;
      contents.set(path, hash);
      isChanged = true;
    }
    if (isChanged && !isClosed) options.onChange();
  };

  arm();
  return {
    close() {
      isClosed = true;
      timer?.cancel();
      timer = undefined;
      for (const directory of [...watchers.keys()]) drop(directory);
    },
  };
}

/** The file's own directory, and where it leads when it is a link: edits there do not show beside the link. */
function directoriesOf(path: string): readonly string[] {
  try {
    return [dirname(path), dirname(realpathSync(path))];
  } catch {
    return [dirname(path)];
  }
}

/** Undefined for a file that cannot be read now. A `.env` that is not there is as good as an empty one. */
function contentHash(path: string, files: Files): string | undefined {
  try {
    return createHash('sha256').update(files.read(path)).digest('hex');
  } catch (thrown) {
    return isMissing(thrown) && path.endsWith('.env') ? '' : undefined;
  }
}
