import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { claudeModel, model } from './bodies.ts';
import type { Bench } from './case.ts';
import { cpuMs } from './measure.ts';
import type { Server } from './nginx.ts';
import type { Running } from './processes.ts';
import { connections, type Load, load } from './wrk.ts';

export interface RouterOptions {
  /** Where its one provider is; left out: no file at all. */
  readonly upstream?: string;
  /** The same upstream is declared once more, as one that speaks Messages. */
  readonly alsoMessages?: boolean;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the built binary at its defaults, its log in a file as a service manager would have it. */
export async function startRouter(
  bench: Bench,
  { upstream, alsoMessages = false, args = [], env = {} }: RouterOptions,
): Promise<Server> {
  const directory = mkdtempSync(join(bench.directory, 'router-'));
  const config = upstream === undefined ? [] : ['-c', writeConfig(directory, upstream, alsoMessages)];
  const log = openSync(join(directory, 'router.log'), 'a');
  const running = bench.processes.start({
    name: 'router',
    file: bench.binary,
    args: ['serve', ...config, '--json', '--listen', '127.0.0.1:0', ...args],
    options: { cwd: directory, env: { ...homeless(directory), ...env }, stdio: ['ignore', 'pipe', log] },
  });
  closeSync(log);
  const url = await readyUrl(running);
  const stop = async () => {
    await running[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  };
  return { url, pid: running.pid, [Symbol.asyncDispose]: stop };
}

/** No key, file or state of the machine's user reaches a run. */
export function homeless(directory: string): Readonly<Record<string, string>> {
  const home = join(directory, 'home');
  mkdirSync(home, { recursive: true });
  return { PATH: process.env.PATH ?? '', HOME: home };
}

function writeConfig(directory: string, upstream: string, alsoMessages: boolean): string {
  const path = join(directory, 'router.yaml');
  const base = `api_base: "${upstream}/v1"`;
  const chat = `bench: { ${base}, models: [${model}] }`;
  const claude = `claude: { ${base}, api_protocol: messages, models: [${claudeModel}] }`;
  writeFileSync(path, ['providers:', chat, ...(alsoMessages ? [claude] : [])].join('\n  '));
  return path;
}

async function readyUrl({ child, name }: Running): Promise<string> {
  if (child.stdout === null) throw new Error(`${name} was started without its output`);
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${name} ended with ${code} before it was ready`);
  });
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  ended.catch(() => undefined);
  return (JSON.parse(line) as { readonly url: string }).url;
}

/** By then the compiler has seen enough to be done with what it will do. */
const warmUpRequests = 60_000;

/** Loads what is asked until it is as fast as it gets. */
export async function warmUp(
  bench: Bench,
  asked: Omit<Load, 'seconds' | 'connections'>,
  least = warmUpRequests,
): Promise<void> {
  for (let requests = 0; requests < least; ) {
    requests += (await load(bench, { ...asked, connections, seconds: 2 })).requests;
  }
}

/** CPU time of the process for each request that it answered, in microseconds. */
export async function cpuPerRequest(
  bench: Bench,
  pid: number,
  asked: Omit<Load, 'seconds' | 'connections'>,
): Promise<number> {
  const before = cpuMs(pid);
  const { requests } = await load(bench, { ...asked, connections, seconds: bench.windowSeconds });
  return ((cpuMs(pid) - before) * 1_000) / requests;
}
