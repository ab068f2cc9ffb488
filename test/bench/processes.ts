import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export interface Program {
  /** For messages. */
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly options?: SpawnOptions;
}

/** A program that runs until it is disposed of. */
export class Running {
  readonly child: ChildProcess;
  readonly name: string;

  constructor(child: ChildProcess, name: string) {
    this.child = child;
    this.name = name;
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error(`${this.name} did not start`);
    return this.child.pid;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Asks it to end, and makes it after five seconds. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.hasEnded || this.child.pid === undefined) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    const force = setTimeout(() => this.child.kill('SIGKILL'), 5_000);
    await ended;
    clearTimeout(force);
  }
}

/** Owns every program of a run, so that none outlives it. */
export class Processes {
  readonly #running = new Set<Running>();

  start({ name, file, args, options }: Program): Running {
    const child = spawn(file, args, options ?? {});
    const running = new Running(child, name);
    this.#running.add(running);
    child.once('error', (error) => {
      this.#running.delete(running);
      throw new Error(`${name} does not start: ${error.message}`);
    });
    child.once('exit', () => this.#running.delete(running));
    return running;
  }

  /** Ends all at once; for an interrupted run. */
  destroy(): void {
    for (const { child } of this.#running) child.kill('SIGKILL');
  }
}

/** A loopback port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('the system gave no port');
  return address.port;
}

/** Resolves when the URL answers, whatever it says. */
export async function untilAnswers(running: Running, url: string): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    if (running.hasEnded) throw new Error(`${running.name} ended before it answered`);
    try {
      await (await fetch(url)).arrayBuffer();
      return;
    } catch (thrown) {
      if (performance.now() > deadline) throw new Error(`${running.name} does not answer on ${url}`, { cause: thrown });
      await pause(20);
    }
  }
}
