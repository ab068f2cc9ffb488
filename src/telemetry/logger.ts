import type { Clock } from '../core/clock.ts';
import { redactCredentials } from './redact.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFormat = 'pretty' | 'json';

/** Colours a text, or leaves it as it is. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
}

/** Values of one line. Undefined ones are left out. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface LogEntry {
  /** Noun and verb, stable: `request-settled`. */
  readonly event: string;
  /** For people. A function: in colour, and only made for them, since the fields say all of it. */
  readonly message: string | (() => string);
  readonly fields?: LogFields | undefined;
}

export interface LoggerOptions {
  readonly clock: Clock;
  /** Asked at every entry, since a reload may change it. */
  readonly level: () => LogLevel;
  readonly format: () => LogFormat;
  readonly paint: Paint;
  readonly write: (line: string) => void;
}

export interface Logger {
  readonly paint: Paint;
  log(level: LogLevel, entry: LogEntry): void;
}

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** One line an entry: tidy for people, JSON for machines. What looks like a credential is struck out in both. */
export function createLogger(options: LoggerOptions): Logger {
  const { clock, paint, write } = options;
  return {
    paint,
    log(level, entry) {
      if (ranks[level] < ranks[options.level()]) return;
      const line = options.format() === 'json' ? jsonLine(clock, level, entry) : prettyLine(options, level, entry);
      write(`${line}\n`);
    },
  };
}

function jsonLine(clock: Clock, level: LogLevel, { event, message, fields }: LogEntry): string {
  const head = { time: new Date(clock.now()).toISOString(), level, event };
  const text = typeof message === 'string' ? message : undefined;
  return JSON.stringify({ ...head, message: text, ...fields }, (_key, value: unknown) =>
    typeof value === 'string' && hasWords.test(value) ? redactCredentials(value) : value,
  );
}

/** Free text; a lone word is a name of ours, and looking through each of them would cost more than the line. */
const hasWords = /\s/;

const marks: Readonly<Record<LogLevel, (paint: Paint) => string>> = {
  debug: (paint) => `${paint.dim('debug')} `,
  info: () => '',
  warn: (paint) => `${paint.yellow('warn')} `,
  error: (paint) => `${paint.red('error')} `,
};

function prettyLine({ clock, paint }: LoggerOptions, level: LogLevel, { message }: LogEntry): string {
  const at = new Date(clock.now());
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
  const text = typeof message === 'string' ? message : message();
  return `${paint.dim(time)} ${marks[level](paint)}${redactCredentials(text)}`;
}
