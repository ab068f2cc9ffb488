import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { envPath } from './env.ts';
import { type Files, systemFiles } from './files.ts';

/**
 * Which files the user has vouched for. A file that merely lay in the working directory (a cloned project) may use
 * nothing of the user's before that. Any change of the file, or of the `.env` beside it, ends the trust.
 */
export interface TrustStore {
  /** Where it is kept. */
  readonly path: string;
  /** False also for a file that cannot be read. */
  isTrusted(path: string): boolean;
  /** Throws what the file system throws. */
  trust(path: string): void;
}

const storeSchema = z.object({ files: z.record(z.string(), z.string()) });

/**
 * Kept in `trust.json` of the state directory, readable by its owner only. The files that are judged are read through
 * `files`, so that a caller can make sure that they are the ones it uses.
 */
export function createTrustStore(stateDirectory: string, files: Files = systemFiles): TrustStore {
  const storePath = join(stateDirectory, 'trust.json');
  return {
    path: storePath,
    isTrusted(path) {
      try {
        const known = readStore(storePath)[placeOf(path, files)];
        return known !== undefined && known === fingerprint(path, files);
      } catch {
        return false;
      }
    },
    trust(path) {
      const content = { files: { ...readStore(storePath), [placeOf(path, files)]: fingerprint(path, files) } };
      mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
      // Written beside and renamed, so that a crash leaves the old file and not half of one.
      const draft = `${storePath}.${process.pid}`;
      writeFileSync(draft, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 });
      renameSync(draft, storePath);
    },
  };
}

/**
 * Whether a name is a link. Links come with a cloned folder like files do, and lead to what did not come with it:
 * another configuration, `~/.aws/credentials`, `/proc/self/environ`. False for what is not there.
 */
export function isLink(path: string, files: Files): boolean {
  try {
    return files.realPath !== undefined && files.realPath(path) !== placeOf(path, files);
  } catch {
    return false;
  }
}

/** A missing or damaged store trusts nothing. */
function readStore(storePath: string): Readonly<Record<string, string>> {
  try {
    return storeSchema.parse(JSON.parse(systemFiles.read(storePath))).files;
  } catch {
    return {};
  }
}

/** The real folder, since a link to one may be turned to another; the file's own name, since its `.env` lies beside. */
function placeOf(path: string, files: Files): string {
  return join(files.realPath?.(dirname(path)) ?? dirname(path), basename(path));
}

/** Of the place and both texts; as JSON, so that no text can pass for the end of one and the start of the next. */
function fingerprint(path: string, files: Files): string {
  const known = [placeOf(path, files), files.read(path), readOrEmpty(envPath(path), files)];
  return createHash('sha256').update(JSON.stringify(known)).digest('hex');
}

function readOrEmpty(path: string, files: Files): string {
  try {
    return files.read(path);
  } catch {
    return '';
  }
}
