import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/**
 * What `node build.mjs --bundle` makes, which `npm test` does first; or the binary that ROUTER_BINARY names, to hold the
 * same tests against what ships.
 */
const program: readonly [string, ...string[]] =
  process.env.ROUTER_BINARY === undefined
    ? [process.execPath, resolve('dist/router.cjs')]
    : [resolve(process.env.ROUTER_BINARY)];

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Written to its input; empty otherwise. */
  readonly input?: string;
  /** Below the sandbox's directory. */
  readonly cwd?: string;
}

/** A directory of its own to run the program in: no file, key or state of the machine reaches it. */
export class Sandbox {
  readonly directory = mkdtempSync(join(tmpdir(), 'router-cli-'));
  readonly stateDirectory = join(this.directory, 'state');
  readonly #env: Readonly<Record<string, string>>;
  readonly #children = new Set<ChildProcess>();

  /** `env` is added to every run. Servers on the machine's own ports may be found by zero config all the same. */
  constructor(env: Readonly<Record<string, string>> = {}) {
    this.#env = env;
  }

  /** Returns the absolute path. */
  write(name: string, text: string): string {
    const path = join(this.directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  read(name: string): string {
    return readFileSync(join(this.directory, name), 'utf8');
  }

  /** Also a link, which is not followed. */
  remove(name: string): void {
    rmSync(join(this.directory, name));
  }

  async run(args: readonly string[], { env, input = '', cwd }: RunOptions = {}): Promise<CliResult> {
    const child = this.#spawn(args, env, cwd);
    const outputs = Promise.all([textOf(child.stdout), textOf(child.stderr)]);
    child.stdin?.end(input);
    const [code] = (await once(child, 'close')) as [number | null];
    const [stdout, stderr] = await outputs;
    return { code, stdout, stderr };
  }

  /** Starts `serve` on a free port and waits for its ready line. */
  async serve(args: readonly string[] = [], env?: Readonly<Record<string, string>>): Promise<RunningCli> {
    const child = this.#spawn(['serve', '--json', '--listen', '127.0.0.1:0', ...args], env);
    const running = new RunningCli(child);
    await running.ready;
    return running;
  }

  /** Ends what still runs, then takes the directory away. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  #spawn(args: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = '.'): ChildProcess {
    const home = join(this.directory, 'home');
    mkdirSync(home, { recursive: true });
    const isolated = { PATH: process.env.PATH ?? '', HOME: home, ROUTER_STATE_DIR: this.stateDirectory };
    const [file, ...prefix] = program;
    const child = spawn(file, [...prefix, ...args], {
      cwd: join(this.directory, cwd),
      env: { ...isolated, ...this.#env, ...env },
    });
    this.#children.add(child);
    return child;
  }
}

interface LogWaiter {
  readonly event: string;
  readonly resolve: (line: LogLine) => void;
}

export type LogLine = Readonly<Record<string, unknown>> & { readonly event: string };

/** A `serve` that runs. Its log is JSON, since nobody's terminal is there. */
export class RunningCli {
  /** Resolves with the URL of the ready line; rejects when the process ends before it. */
  readonly ready: Promise<string>;
  readonly log: LogLine[] = [];
  readonly #child: ChildProcess;
  #url = '';
  #stdout = '';
  #stderr = '';
  #waiters: LogWaiter[] = [];
  #textWaiters: { readonly pattern: RegExp; readonly resolve: () => void }[] = [];

  constructor(child: ChildProcess) {
    this.#child = child;
    this.ready = new Promise((resolve, reject) => {
      child.stdout?.on('data', (chunk: Buffer) => {
        this.#stdout += chunk.toString();
        const line = /^(\{.*\})\n/.exec(this.#stdout)?.[1];
        if (line === undefined) return;
        this.#url = (JSON.parse(line) as { url: string }).url;
        resolve(this.#url);
      });
      child.once('exit', (code) => reject(new Error(`ended with ${code} before it was ready: ${this.#stderr}`)));
    });
    let rest = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString();
      this.#tellText();
      rest += chunk.toString();
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#take(line);
    });
  }

  get url(): string {
    return this.#url;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** The first line of this event, there already or yet to come. */
  logged(event: string): Promise<LogLine> {
    const known = this.log.find((line) => line.event === event);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve) => this.#waiters.push({ event, resolve }));
  }

  /** Resolves once its stderr has this, for output that is for people. */
  printed(pattern: RegExp): Promise<void> {
    return new Promise((resolve) => {
      this.#textWaiters.push({ pattern, resolve });
      this.#tellText();
    });
  }

  chat(body: Readonly<Record<string, unknown>>, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return fetch(`${this.#url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ messages: [{ role: 'user', content: 'hi' }], ...body }),
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** How the process ended. */
  async ended(): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) await once(this.#child, 'close');
    return { code: this.#child.exitCode, signal: this.#child.signalCode };
  }

  stop(): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }> {
    this.signal('SIGTERM');
    return this.ended();
  }

  #tellText(): void {
    const ready = this.#textWaiters.filter(({ pattern }) => pattern.test(this.#stderr));
    this.#textWaiters = this.#textWaiters.filter((waiter) => !ready.includes(waiter));
    for (const waiter of ready) waiter.resolve();
  }

  #take(text: string): void {
    const line = parseLine(text);
    if (line === undefined) return;
    this.log.push(line);
    const ready = this.#waiters.filter(({ event }) => event === line.event);
    this.#waiters = this.#waiters.filter(({ event }) => event !== line.event);
    for (const waiter of ready) waiter.resolve(line);
  }
}

/** Undefined for text that is no log line: what fails before the log begins is told in words. */
function parseLine(text: string): LogLine | undefined {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return undefined;
  }
}

async function textOf(stream: ChildProcess['stdout']): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += String(chunk);
  return text;
}
