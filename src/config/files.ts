import { readFileSync, statSync } from 'node:fs';

/** The file system as the configuration sees it. Errors are Node's, with `code`. */
export interface Files {
  /** UTF-8 text. Throws when there is none to read. */
  read(path: string): string;
  /** True for whatever has this name, readable or not, so that an unreadable file is told and not passed over. */
  exists(path: string): boolean;
}

export const systemFiles: Files = {
  read: (path) => readFileSync(path, 'utf8'),
  exists(path) {
    try {
      statSync(path);
      return true;
    } catch (thrown) {
      return !isMissing(thrown);
    }
  },
};

export function isMissing(thrown: unknown): boolean {
  const code = errorCode(thrown);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

export function errorCode(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'this is a directory, not a file',
  EACCES: 'the file may not be read by this user',
  EPERM: 'the file may not be read by this user',
};

/** Why a file could not be read, in one line without its path. */
export function readProblem(thrown: unknown): string {
  const code = errorCode(thrown);
  return (code === undefined ? undefined : reasons[code]) ?? `the file could not be read (${code ?? String(thrown)})`;
}
