import { constants, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';

/** Far more than a configuration needs; a log or an archive that was named by mistake is not read. Bytes. */
const maxFileBytes = 16 * 1024 * 1024;

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
  read(path) {
    const stats = statSync(path);
    if (!stats.isFile()) throw new UnreadableError(`this is ${kindOf(stats)}, not a file`, 'ENOTFILE');
    if (stats.size > maxFileBytes) throw new UnreadableError(`the file is larger than ${maxFileBytes} bytes`, 'EFBIG');
    // Not to wait for a writer, should a named pipe have taken its place since.
    return readFileSync(path, { encoding: 'utf8', flag: constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) });
  },
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

/** Reads every file once: what is judged is then what is used, even when another process writes in between. */
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

/** What has the name of a file can or should not be read as one. `message` says why, for people. */
class UnreadableError extends Error {
  readonly code: 'ENOTFILE' | 'EFBIG';

  constructor(message: string, code: UnreadableError['code']) {
    super(message);
    this.code = code;
  }
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a named pipe';
  return stats.isSocket() ? 'a socket' : 'a device';
}

/** A directory, a pipe, a socket or a device has the name. */
export function isNotAFile(thrown: unknown): boolean {
  return errorCode(thrown) === 'ENOTFILE' || errorCode(thrown) === 'EISDIR';
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
  if (thrown instanceof UnreadableError) return thrown.message;
  const code = errorCode(thrown);
  return (code === undefined ? undefined : reasons[code]) ?? `the file could not be read (${code ?? String(thrown)})`;
}
