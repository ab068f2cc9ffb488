import { commandTree } from '../command-tree.ts';
import { completionScript, type Shell } from '../completion.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Report } from '../report.ts';

/** The completion script itself is the answer, with `--json` as a string in an object. */
export async function completion(context: Context, shell: Shell): Promise<Report> {
  const script = completionScript(
    commandTree(context.version, async () => undefined),
    shell,
  );
  return { json: { shell, script }, human: () => script, exitCode: exitCodes.ok };
}
