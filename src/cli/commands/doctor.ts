import { ConfigError } from '../../config/issues.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { stateDirectory } from '../../config/state-dir.ts';
import type { CheckInput, CheckResult, CheckStatus } from '../../doctor/check.ts';
import { examine, examineConfig } from '../../doctor/doctor.ts';
import type { Context } from '../context.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { loadFor, readFor, zeroConfig } from '../load.ts';
import type { Report, Ui } from '../report.ts';
import { readRunFiles } from '../run-file.ts';
import { withSpinner } from '../ui/spinner.ts';

export interface DoctorOptions {
  readonly configOnly?: boolean | undefined;
}

/** Proves that things work, and says what to do about each that does not. */
export async function doctor(context: Context, options: DoctorOptions): Promise<Report> {
  const input = inputFor(context, options);
  const results =
    options.configOnly === true
      ? await examineConfig(input)
      : await withSpinner(context, 'looking', () => examine(input));
  const isFine = results.every(({ status }) => status !== 'fail');
  return {
    json: { ok: isFine, checks: results.map((result) => ({ ...result, fix: result.fix ?? null })) },
    human: (ui) => resultsText(ui, results, context.options.quiet),
    exitCode: isFine ? exitCodes.ok : failedCode(input, options),
  };
}

/** A file that cannot be used is told apart: it is for its author to mend, whatever else fails because of it. */
function failedCode({ configError }: CheckInput, { configOnly }: DoctorOptions): ExitCode {
  return configError !== undefined || configOnly === true ? exitCodes.config : exitCodes.failed;
}

function inputFor(context: Context, options: DoctorOptions): CheckInput {
  const { environment, homeDirectory, clock } = context;
  const directory = stateDirectory(context);
  const common = {
    environment,
    homeDirectory,
    clock,
    stateDirectory: directory,
    running: readRunFiles(directory).map(({ pid, port, url, admin_token: adminToken }) => ({
      pid,
      port,
      url,
      adminToken,
    })),
  };
  const { loaded, configError } = load(context, options);
  return { ...common, loaded, configError };
}

/** The rest is looked at even when the file is of no use. */
function load(context: Context, { configOnly }: DoctorOptions): Pick<CheckInput, 'loaded' | 'configError'> {
  try {
    return { loaded: read(context, configOnly === true), configError: undefined };
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    return { loaded: zeroConfig(context), configError: thrown };
  }
}

/** Checking alone sends no key anywhere, so a file need not be trusted for it. */
function read(context: Context, isConfigOnly: boolean): LoadedConfig {
  return isConfigOnly ? readFor(context, { missingVariables: 'warn' }) : loadFor(context);
}

const marks: Readonly<Record<CheckStatus, (ui: Ui) => string>> = {
  ok: ({ paint }) => paint.green('ok  '),
  warn: ({ paint }) => paint.yellow('warn'),
  fail: ({ paint }) => paint.red('FAIL'),
  skip: ({ paint }) => paint.dim('skip'),
};

function resultsText(ui: Ui, results: readonly CheckResult[], isQuiet: boolean): string {
  const shown = isQuiet ? results.filter(({ status }) => status === 'fail' || status === 'warn') : results;
  const lines = shown.flatMap((result) => resultLines(ui, result));
  return [...lines, summary(ui, results)].join('\n');
}

function resultLines(ui: Ui, { check, subject, status, message, fix }: CheckResult): readonly string[] {
  const line = `${marks[status](ui)}  ${check.padEnd(9)}  ${ui.paint.bold(subject)}  ${message}`;
  return fix === undefined ? [line] : [line, `                 ${ui.paint.cyan('→')} ${fix}`];
}

function summary({ paint }: Ui, results: readonly CheckResult[]): string {
  const count = (wanted: CheckStatus) => results.filter(({ status }) => status === wanted).length;
  const failed = count('fail');
  const verdict = failed === 0 ? paint.green('nothing failed') : paint.red(`${failed} failed`);
  return `${verdict}, ${count('ok')} ok, ${count('warn')} to look at, ${count('skip')} skipped`;
}
