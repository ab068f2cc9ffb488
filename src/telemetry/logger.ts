import type { Clock } from '../core/clock.ts';
import { LineBuffer } from './line-buffer.ts';
import type { LogLosses, LogText } from './log-sink.ts';
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
  /** A function makes their JSON itself, without the braces and clean: for what is logged with every request. */
  readonly fields?: LogFields | (() => string) | undefined;
}

export interface LoggerOptions {
  readonly clock: Clock;
  /** Asked at every entry, since a reload may change it. */
  readonly level: () => LogLevel;
  readonly format: () => LogFormat;
  readonly paint: Paint;
  readonly write: (text: LogText) => void;
}

export interface Logger {
  readonly paint: Paint;
  log(level: LogLevel, entry: LogEntry): void;
  /** Writes what is still held back; before the process ends. */
  flush(): void;
}

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** One line an entry: tidy for people, JSON for machines. What looks like a credential is struck out in both. */
export function createLogger(options: LoggerOptions): Logger {
  const { clock, paint, write } = options;
  const timeText = isoTimes();
  const render = (line: Line) => `${line.isJson ? jsonLine(line, timeText(line.atMs)) : prettyLine(paint, line)}\n`;
  const lossLine = (losses: LogLosses) =>
    render({ atMs: clock.now(), level: 'warn', entry: lossEntry(losses), isJson: options.format() === 'json' });
  const buffer = new LineBuffer<Line>({ clock, render, write: (text, lines) => write({ text, lines, lossLine }) });
  return {
    paint,
    log(level, entry) {
      if (ranks[level] < ranks[options.level()]) return;
      const isJson = options.format() === 'json';
      // People read along; machines do not mind a moment, but must not miss what went wrong.
      const isRoutine = level === 'debug' || (level === 'info' && entry.event === 'request-settled');
      const isUrgent = !isJson || !isRoutine;
      buffer.add({ atMs: clock.now(), level, entry, isJson }, isUrgent);
    },
    flush: () => buffer.flush(),
  };
}

function lossEntry({ lines, reason }: LogLosses): LogEntry {
  const message = `${lines} log ${lines === 1 ? 'line was' : 'lines were'} lost: ${reason ?? 'no reason is known'}`;
  return { event: 'log-lines-lost', message, fields: { lines, reason } };
}

interface Line {
  readonly atMs: number;
  readonly level: LogLevel;
  readonly entry: LogEntry;
  readonly isJson: boolean;
}

/** Writes times; of lines within one millisecond once, since under load that is a third of making a line. */
function isoTimes(): (atMs: number) => string {
  let lastMs = Number.NaN;
  let text = '';
  return (atMs) => {
    if (atMs !== lastMs) text = new Date(atMs).toISOString();
    lastMs = atMs;
    return text;
  };
}

function jsonLine({ level, entry: { event, message, fields } }: Line, time: string): string {
  const head = `{"time":"${time}","level":"${level}","event":"${event}"`;
  const text = typeof message === 'string' ? `,"message":${cleanJson(message)}` : '';
  const rest = typeof fields === 'function' ? fields() : cleanJson(fields ?? {}).slice(1, -1);
  return `${head}${text}${rest === '' ? '' : ','}${rest}}`;
}

/** JSON in which what looks like a credential is struck out. */
export function cleanJson(value: LogFields | readonly unknown[] | string): string {
  const plain = JSON.stringify(value);
  if (!hasWords.test(plain)) return plain;
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'string' && hasWords.test(part) ? redactCredentials(part) : part,
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

function prettyLine(paint: Paint, { atMs, level, entry }: Line): string {
  const at = new Date(atMs);
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
  const text = typeof entry.message === 'string' ? entry.message : entry.message();
  return `${paint.dim(time)} ${marks[level](paint)}${redactCredentials(text)}`;
}
