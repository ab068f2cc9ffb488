import { join } from 'node:path';
import type { Bench } from './case.ts';
import type { Server } from './nginx.ts';
import { freePort, untilAnswers } from './processes.ts';

/** A bare proxy on the Node that runs this script, which is the one inside the binary. */
export async function startBare(bench: Bench, target: string): Promise<Server> {
  const port = await freePort();
  const running = bench.processes.start({
    name: 'bare proxy',
    file: process.execPath,
    args: [join(import.meta.dirname, 'bare-proxy.ts'), String(port), target],
    options: { stdio: 'ignore' },
  });
  const url = `http://127.0.0.1:${port}`;
  await untilAnswers(running, `${url}/v1/models`);
  return { url, pid: running.pid, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() };
}
