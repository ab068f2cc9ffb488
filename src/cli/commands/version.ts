import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Report } from '../report.ts';

export function version({ version: number }: Context): Report {
  return { json: { version: number }, human: () => number, exitCode: exitCodes.ok };
}
