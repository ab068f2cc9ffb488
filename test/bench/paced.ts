import { once } from 'node:events';
import { join } from 'node:path';
import type { Bench } from './case.ts';
import type { Server } from './nginx.ts';

/** What the paced upstream tells its parent. */
export interface PacedMessage {
  readonly port: number;
  readonly events: number;
}

export interface Paced extends Server {
  /** Events sent so far, over all streams. */
  events(): Promise<number>;
}

/** nginx cannot pace what it sends, so streams come from a small server of our own, in its own process. */
export async function startPaced(bench: Bench, intervalMs: number): Promise<Paced> {
  const running = bench.processes.start({
    name: 'paced upstream',
    file: process.execPath,
    args: [join(import.meta.dirname, 'paced-upstream.ts'), String(intervalMs)],
    options: { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
  });
  const heard = async () => ((await once(running.child, 'message')) as [PacedMessage])[0];
  const { port } = await heard();
  return {
    url: `http://127.0.0.1:${port}`,
    pid: running.pid,
    events: async () => {
      const reply = heard();
      running.child.send('count');
      return (await reply).events;
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}
