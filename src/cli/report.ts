import { ConfigError, formatIssue } from '../config/issues.ts';
import { GatewayError } from '../core/errors.ts';
import type { Paint } from '../telemetry/logger.ts';
import type { Context } from './context.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';

/** How wide and how colourful the human view may be. */
export interface Ui {
  readonly paint: Paint;
  readonly columns: number;
}

/** What a command found out: one value, two views. */
export interface Report {
  readonly json: unknown;
  /** Whole text without the last line end; empty prints nothing. */
  readonly human: (ui: Ui) => string;
  readonly exitCode: ExitCode;
}

/** A failure in the words of the command line. `code` is stable, for scripts. */
export class CommandError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;

  constructor(
    code: string,
    message: string,
    fields: { readonly hint?: string | undefined; readonly exitCode?: ExitCode } = {},
  ) {
    super(message);
    this.name = 'CommandError';
    this.code = code;
    this.hint = fields.hint;
    this.exitCode = fields.exitCode ?? exitCodes.failed;
  }
}

/** The one place that prints a report. */
export function printReport(context: Pick<Context, 'options' | 'stdout'>, report: Report): ExitCode {
  const { options, stdout } = context;
  const text = options.json ? JSON.stringify(report.json, undefined, 2) : report.human(stdout);
  if (text !== '') stdout.write(`${text}\n`);
  return report.exitCode;
}

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;
}

/** The one place that prints a failure: on stderr for people, on stdout where JSON was asked for. */
export function printFailure(context: Pick<Context, 'options' | 'stdout' | 'stderr'>, thrown: unknown): ExitCode {
  const { options, stdout, stderr } = context;
  const { exitCode, ...error } = failureOf(thrown, options.verbose);
  if (options.json) {
    stdout.write(`${JSON.stringify({ error: { ...error, hint: error.hint ?? null } }, undefined, 2)}\n`);
    return exitCode;
  }
  const { paint } = stderr;
  stderr.write(`${paint.red('error')}: ${error.message}\n`);
  if (error.hint !== undefined) stderr.write(`${paint.dim(error.hint)}\n`);
  return exitCode;
}

function failureOf(thrown: unknown, isVerbose: boolean): Failure {
  if (thrown instanceof CommandError) {
    // Not spread: an error's message is not an enumerable property.
    return { code: thrown.code, message: thrown.message, hint: thrown.hint, exitCode: thrown.exitCode };
  }
  const error = GatewayError.from(thrown);
  if (error instanceof ConfigError) {
    // All of them: the error's own message is cut like one that goes to a client.
    const message = error.issues.map(formatIssue).join('\n');
    return { code: error.code, message, hint: error.hint, exitCode: exitCodes.config };
  }
  const exitCode = error.code === 'config_invalid' ? exitCodes.config : exitCodes.failed;
  if (error.code !== 'internal') return { code: error.code, message: error.message, hint: error.hint, exitCode };
  // A defect: it cannot be mended without the place it happened at.
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return {
    code: error.code,
    message: isVerbose ? (error.detail ?? message) : message,
    hint: '-v shows where',
    exitCode,
  };
}
