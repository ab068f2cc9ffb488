import { homedir } from 'node:os';
import type { Surroundings } from '../config/find.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { LogSink } from '../telemetry/log-sink.ts';
import type { Paint } from '../telemetry/logger.ts';
import { createPaint, isColoured } from './colour.ts';
import { logStreamOf } from './log-streams.ts';
import { outliveUnwritable } from './unwritable.ts';

/** Options that every command takes. */
export interface GlobalOptions {
  /** Paths of `-c`, in order. */
  readonly config: readonly string[];
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** False with `--no-color`. */
  readonly color: boolean;
  /** False with `--no-input`. */
  readonly input: boolean;
}

/** A stream to write to, with what decides how. */
export interface Output {
  readonly isTty: boolean;
  /** A terminal that knows its width. Without one (`docker run -t`), whatever redraws lines never ends. */
  readonly canRedraw: boolean;
  /** Characters a line. */
  readonly columns: number;
  readonly paint: Paint;
  write(text: string): void;
}

/** The process as a command sees it. */
export interface Context extends Surroundings {
  readonly options: GlobalOptions;
  readonly version: string;
  readonly clock: Clock;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Somebody is there to answer questions, and may be asked. */
  readonly isInteractive: boolean;
  /** Returns the function that stops listening. */
  onSignal(signal: NodeJS.Signals, action: () => void): () => void;
  /** Ends the process at once, without waiting for anything. */
  exitNow(code: number): never;
  /** For a command that has to go on when nothing reads its output any more, or that cannot be written. */
  outlive(): LastingOutputs;
}

/** Output that may be lost. */
export interface LastingOutputs {
  readonly stdout: LogSink;
  readonly stderr: LogSink;
}

const defaultColumns = 80;

export function createContext(options: GlobalOptions, version: string): Context {
  const output = (stream: NodeJS.WriteStream): Output => ({
    isTty: stream.isTTY === true,
    canRedraw: stream.isTTY === true && stream.columns > 0,
    columns: stream.columns || defaultColumns,
    paint: createPaint(
      isColoured({ environment: process.env, isTty: stream.isTTY === true, isRefused: !options.color }),
    ),
    write: (text) => void stream.write(text),
  });
  const stderr = output(process.stderr);
  return {
    options,
    version,
    clock: systemClock,
    cwd: process.cwd(),
    environment: process.env,
    homeDirectory: homedir(),
    platform: process.platform,
    stdout: output(process.stdout),
    stderr,
    isInteractive: options.input && !options.json && process.stdin.isTTY === true && stderr.canRedraw,
    onSignal(signal, action) {
      process.on(signal, action);
      return () => process.off(signal, action);
    },
    exitNow: (code) => process.exit(code),
    outlive() {
      outliveUnwritable(process);
      return { stdout: new LogSink(logStreamOf(process.stdout)), stderr: new LogSink(logStreamOf(process.stderr)) };
    },
  };
}
