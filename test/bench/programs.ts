import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian's packages of what cannot be done without. */
const packages: Readonly<Record<string, string>> = { nginx: 'nginx-light', wrk: 'wrk' };

/** What is missing, each with what to do about it. */
export function missingPrograms(binary: string): readonly string[] {
  const problems = Object.entries(packages)
    .filter(([program]) => !isOnPath(program))
    .map(([program, name]) => `${program} is missing: apt-get install ${name}`);
  if (process.platform !== 'linux') problems.push('CPU time and memory are read from /proc, which only Linux has');
  if (!existsSync(binary)) problems.push(`${binary} is missing: npm run build`);
  return problems;
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => isExecutable(join(directory, program)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
