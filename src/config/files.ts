import { readFileSync, realpathSync, statSync } from 'node:fs';

/** The file system as the configuration sees it. Errors are Node's, with `code`. */
export interface Files {
  /** UTF-8 text. Throws when there is none to read. */
  read(path: string): string;
  /** True for whatever has this name, readable or not, so that an unreadable file is told and not passed over. */
  exists(path: string): boolean;
  /** Where a name leads once links are followed. Throws when it leads nowhere. Left out where there are no links. */
  realPath?(path: string): string;
}

export const systemFiles: Files = {
  read: (path) => readFileSync(path, 'utf8'),
  realPath: (path) => realpathSync(path),
  exists(path) {
    try {
      statSync(path);
      return true;
    } catch (thrown) {
      return !isMissing(thrown);
    }
  },
};

/** Reads every file once: what is judged is then what is used, whoever writes in between. */
export function readOnce(files: Files): Files {
  const known = new Map<string, () => string>();
  return {
    ...files,
    read(path) {
      const again = known.get(path) ?? outcomeOf(() => files.read(path));
      known.set(path, again);
      return again();
    },
  };
}

function outcomeOf(read: () => string): () => string {
  try {
    const text = read();
    return () => text;
  } catch (thrown) {
    return () => {
      throw thrown;
    };
  }
}

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
