import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';

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
  readonly outputs?: Partial<Outputs>;
}

/**
 * What becomes of an output: it is read, nothing reads it, its reader is gone from the start, or its disk is full.
 */
export type Fate = 'read' | 'unread' | 'closed' | 'full';

export interface Outputs {
  readonly stdout: Fate;
  readonly stderr: Fate;
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

  async run(args: readonly string[], { input = '', ...options }: RunOptions = {}): Promise<CliResult> {
    const child = this.#spawn(args, options);
    const outputs = Promise.all([textOf(child.stdout), textOf(child.stderr)]);
    child.stdin?.end(input);
    const [code] = (await once(child, 'close')) as [number | null];
    const [stdout, stderr] = await outputs;
    return { code, stdout, stderr };
  }

  /** Starts `serve` on a free port and waits for its ready line. */
  async serve(args: readonly string[] = [], env?: Readonly<Record<string, string>>): Promise<RunningCli> {
    const child = this.#spawn(['serve', '--json', '--listen', '127.0.0.1:0', ...args], { env });
    const running = new RunningCli(child);
    await running.ready;
    return running;
  }

  /** The same with outputs that do not work: waits for its run file, of which there must be no other. */
  async serveUnheard(args: readonly string[], outputs: Outputs): Promise<UnheardCli> {
    const folder = join(this.stateDirectory, 'run');
    mkdirSync(folder, { recursive: true });
    const child = this.#spawn(['serve', '--listen', '127.0.0.1:0', ...args], { outputs });
    if (outputs.stdout === 'read') child.stdout?.resume();
    return new UnheardCli(child, await runFileIn(folder, child));
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

  #spawn(args: readonly string[], { env, cwd = '.', outputs = {} }: SpawnOptions): ChildProcess {
    const home = join(this.directory, 'home');
    mkdirSync(home, { recursive: true });
    const isolated = { PATH: process.env.PATH ?? '', HOME: home, ROUTER_STATE_DIR: this.stateDirectory };
    const [file, ...prefix] = program;
    const places = [outputs.stdout, outputs.stderr].map((fate) =>
      fate === 'full' ? openSync('/dev/full', 'w') : 'pipe',
    );
    const child = spawn(file, [...prefix, ...args], {
      cwd: join(this.directory, cwd),
      env: { ...isolated, ...this.#env, ...env },
      stdio: ['pipe', ...places] as StdioOptions,
    });
    for (const place of places) if (typeof place === 'number') closeSync(place);
    if (outputs.stdout === 'closed') child.stdout?.destroy();
    if (outputs.stderr === 'closed') child.stderr?.destroy();
    this.#children.add(child);
    return child;
  }
}

interface SpawnOptions extends Omit<RunOptions, 'env'> {
  readonly env?: RunOptions['env'] | undefined;
}

interface RunFile {
  readonly url: string;
  readonly admin_token: string;
}

export interface LogOfStatus {
  readonly lost_lines: number;
  readonly reason: string | null;
}

/** The first one to appear there, once it is whole. */
function runFileIn(folder: string, child: ChildProcess): Promise<RunFile> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const found = readdirSync(folder).flatMap((name) => parsedFile(join(folder, name)));
      if (found[0] === undefined) return;
      watcher.close();
      resolve(found[0]);
    };
    const watcher = watch(folder, look);
    child.once('exit', (code) => {
      watcher.close();
      reject(new Error(`ended with ${code} before it was ready`));
    });
    look();
  });
}

function parsedFile(path: string): readonly RunFile[] {
  try {
    return [JSON.parse(readFileSync(path, 'utf8')) as RunFile];
  } catch {
    return [];
  }
}

/** A `serve` whose outputs do not all work. */
export class UnheardCli {
  readonly #child: ChildProcess;
  readonly #run: RunFile;

  constructor(child: ChildProcess, run: RunFile) {
    this.#child = child;
    this.#run = run;
  }

  get stderr(): Readable {
    return this.#child.stderr as Readable;
  }

  chat(body: Readonly<Record<string, unknown>>): Promise<Response> {
    return fetch(`${this.#run.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ messages: [{ role: 'user', content: 'hi' }], ...body }),
    });
  }

  /** What `/admin/status` says of the log. */
  async log(): Promise<LogOfStatus> {
    const headers = { authorization: `Bearer ${this.#run.admin_token}` };
    const answer = await fetch(`${this.#run.url}/admin/status`, { headers });
    return ((await answer.json()) as { readonly log: LogOfStatus }).log;
  }

  /** Resolves with the exit code. */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    return this.#child.exitCode;
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
  if (stream?.destroyed === true) return text;
  for await (const chunk of stream ?? []) text += String(chunk);
  return text;
}
