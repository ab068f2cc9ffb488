import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import { type Files, isMissing, isNotAFile, readProblem } from './files.ts';
import type { Environment } from './interpolate.ts';
import type { Report } from './issues.ts';

/** The `.env` that belongs to a configuration file. */
export function envPath(configPath: string): string {
  return join(dirname(configPath), '.env');
}

/**
 * The variables that `${VAR}` and provider keys are looked up in: the `.env` files beside the configuration, later
 * ones over earlier ones, and over all of them the real environment. Nothing else may be taken from it: a file in a
 * project must not be able to set a proxy or a listen address.
 */
export function readEnvironment(
  configPaths: readonly string[],
  real: Environment,
  io: { readonly files: Files; readonly report: Report },
): Environment {
  const merged: Record<string, string | undefined> = {};
  for (const path of new Set(configPaths.map(envPath))) Object.assign(merged, readEnvFile(path, io));
  for (const [name, value] of Object.entries(real)) if (value !== undefined) merged[name] = value;
  return merged;
}

function readEnvFile(path: string, io: { readonly files: Files; readonly report: Report }): Environment {
  try {
    // A byte order mark would become part of the first name.
    return parseEnv(io.files.read(path).replace(/^\uFEFF/, ''));
  } catch (thrown) {
    // A directory of that name is a Python virtual environment more often than a mistake.
    if (!isMissing(thrown) && !readProblem(thrown).includes('directory')) {
      const severity = isNotAFile(thrown) ? 'warning' : 'error';
      io.report({ file: path, line: 0, column: 0 }, [], { message: readProblem(thrown), severity });
    }
    return {};
  }
}
