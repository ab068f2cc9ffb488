import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { envPath } from './env.ts';
import { type Files, systemFiles } from './files.ts';

/**
 * Which files the user has vouched for. A file that merely lay in the working directory (a cloned project) may not send
 * the user's keys to hosts of its choice before that. Any change of the file, or of the `.env` beside it, ends the trust.
 */
export interface TrustStore {
  isTrusted(path: string): boolean;
  /** Throws what the file system throws. */
  trust(path: string): void;
}

const storeSchema = z.object({ files: z.record(z.string(), z.string()) });

/** Kept in `trust.json` of the state directory, readable by its owner only. Paths are absolute. */
export function createTrustStore(stateDirectory: string, files: Files = systemFiles): TrustStore {
  const storePath = join(stateDirectory, 'trust.json');
  return {
    isTrusted(path) {
      const known = readStore(storePath, files)[path];
      return known !== undefined && known === fingerprint(path, files);
    },
    trust(path) {
      const content = { files: { ...readStore(storePath, files), [path]: fingerprint(path, files) } };
      mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
      // Written beside and renamed, so that a crash leaves the old file and not half of one.
      const draft = `${storePath}.${process.pid}`;
      writeFileSync(draft, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 });
      renameSync(draft, storePath);
    },
  };
}

/** A missing or damaged store trusts nothing. */
function readStore(storePath: string, files: Files): Readonly<Record<string, string>> {
  try {
    return storeSchema.parse(JSON.parse(files.read(storePath))).files;
  } catch {
    return {};
  }
}

function fingerprint(path: string, files: Files): string {
  const hash = createHash('sha256').update(path).update('\0').update(files.read(path)).update('\0');
  return hash.update(readOrEmpty(envPath(path), files)).digest('hex');
}

function readOrEmpty(path: string, files: Files): string {
  try {
    return files.read(path);
  } catch {
    return '';
  }
}
