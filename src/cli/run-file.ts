import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** What `serve` leaves for the other commands while it runs. */
const runFile = z.object({
  pid: z.int().positive(),
  port: z.int(),
  url: z.string(),
  /** Absolute paths of its configuration. */
  config: z.array(z.string()),
  admin_token: z.string(),
  /** Unix milliseconds. */
  started_at: z.number(),
});

export type RunFile = z.output<typeof runFile>;

/** Readable by its owner only: it holds the admin token. Throws what the file system throws. Returns its remover. */
export function writeRunFile(stateDirectory: string, content: RunFile): () => void {
  const folder = folderIn(stateDirectory);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${content.port}.json`);
  rmSync(path, { force: true });
  writeFileSync(path, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 });
  return () => rmSync(path, { force: true });
}

/** Routers whose process is alive, newest first. What cannot be read is left out. */
export function readRunFiles(stateDirectory: string): readonly RunFile[] {
  return namesIn(folderIn(stateDirectory))
    .flatMap((name) => readOne(join(folderIn(stateDirectory), name)))
    .filter(({ pid }) => isAlive(pid))
    .sort((one, other) => other.started_at - one.started_at);
}

function folderIn(stateDirectory: string): string {
  return join(stateDirectory, 'run');
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
}

function readOne(path: string): readonly RunFile[] {
  try {
    return [runFile.parse(JSON.parse(readFileSync(path, 'utf8')))];
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    // Somebody else's process is alive too, though its file could hardly have been read.
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}
