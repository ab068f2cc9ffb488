import { resolve } from 'node:path';
import { errorCode, readProblem, systemFiles } from '../../config/files.ts';
import { findConfig } from '../../config/find.ts';
import { stateDirectory } from '../../config/state-dir.ts';
import { createTrustStore } from '../../config/trust.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { CommandError, type Report } from '../report.ts';

/** Vouches for a file, as it is now, to use the user's keys. Without a name for the one found here. */
export async function trust(context: Context, file: string | undefined): Promise<Report> {
  const path = file === undefined ? foundPath(context) : resolve(context.cwd, file);
  try {
    systemFiles.read(path);
  } catch (thrown) {
    throw new CommandError('unreadable', `${path}: ${readProblem(thrown)}`);
  }
  const directory = stateDirectory(context);
  try {
    createTrustStore(directory).trust(path);
  } catch (thrown) {
    throw new CommandError('not_written', `${directory} cannot be written (${errorCode(thrown) ?? String(thrown)})`, {
      hint: 'set ROUTER_STATE_DIR to a directory of your own',
    });
  }
  return {
    json: { trusted: path },
    human: (ui) => `${ui.paint.green('trusted')} ${path}, until it or the .env beside it changes`,
    exitCode: exitCodes.ok,
  };
}

function foundPath(context: Context): string {
  const [path] = findConfig(context.options.config, context, systemFiles).paths;
  if (path !== undefined) return path;
  throw new CommandError('no_config', 'there is no configuration here', { hint: 'name the file: router trust FILE' });
}
