import { Chalk } from 'chalk';
import type { Paint } from '../telemetry/logger.ts';

export interface ColourInput {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly isTty: boolean;
  /** `--no-color` was given. */
  readonly isRefused: boolean;
}

/** The one decision about colour: flag, then `FORCE_COLOR`, then `NO_COLOR`, then what the stream can show. */
export function isColoured({ environment, isTty, isRefused }: ColourInput): boolean {
  if (isRefused) return false;
  const forced = environment.FORCE_COLOR;
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if ((environment.NO_COLOR ?? '') !== '' || environment.TERM === 'dumb') return false;
  return isTty;
}

export function createPaint(isOn: boolean): Paint {
  // Chalk would look at the terminal by itself and does not know NO_COLOR, so it is told.
  const chalk = new Chalk({ level: isOn ? 1 : 0 });
  return {
    bold: chalk.bold,
    dim: chalk.dim,
    red: chalk.red,
    green: chalk.green,
    yellow: chalk.yellow,
    cyan: chalk.cyan,
  };
}
