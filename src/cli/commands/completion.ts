import type { Command } from 'commander';
import { completionScript, type Shell } from '../completion.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Report } from '../report.ts';

/** The completion script itself is the answer, with `--json` as a string in an object. */
export function completion(program: Command, shell: Shell): Report {
  const script = completionScript(program, shell);
  return { json: { shell, script }, human: () => script, exitCode: exitCodes.ok };
}
