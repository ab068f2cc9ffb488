import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from './case.ts';
import type { Server } from './nginx.ts';
import { freePort, untilAnswers } from './processes.ts';

export type Portkey =
  | { readonly kind: 'installed'; readonly script: string }
  | { readonly kind: 'missing'; readonly reason: string };

const peers = join(import.meta.dirname, 'peers');
const script = join(peers, 'node_modules/@portkey-ai/gateway/build/start-server.js');

/** Fetches it on first use. It is no part of the project's own dependencies. */
export function installPortkey(note: (text: string) => void): Portkey {
  const command = ['ci', '--prefix', peers, '--ignore-scripts', '--no-audit', '--no-fund'];
  if (!existsSync(script)) {
    note(`npm ${command.join(' ')}`);
    try {
      execFileSync('npm', command, { stdio: ['ignore', 'ignore', 'inherit'] });
    } catch {
      return { kind: 'missing', reason: `Portkey could not be installed: npm ${command.join(' ')}` };
    }
  }
  return { kind: 'installed', script };
}

/** On the Node that runs this script, which is the one inside the binary. */
export async function startPortkey(bench: Bench, installed: string): Promise<Server> {
  const port = await freePort();
  const running = bench.processes.start({
    name: 'portkey',
    file: process.execPath,
    args: [installed, `--port=${port}`, '--headless'],
    options: { cwd: bench.directory, stdio: 'ignore', env: { ...process.env, NODE_ENV: 'production' } },
  });
  const url = `http://127.0.0.1:${port}`;
  await untilAnswers(running, url);
  return { url, pid: running.pid, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() };
}

/** It learns from the request where to go. */
export function portkeyHeaders(upstream: string): Readonly<Record<string, string>> {
  return {
    authorization: 'Bearer none',
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `${upstream}/v1`,
  };
}
