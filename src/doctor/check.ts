import type { ConfigError } from '../config/issues.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Clock } from '../core/clock.ts';

/** `skip`: could not or need not be looked at. Only `fail` makes the whole fail. */
export type CheckStatus = 'ok' | 'warn' | 'fail' | 'skip';

export interface CheckResult {
  /** Which check it is of. */
  readonly check: string;
  /** What was looked at: a file, a variable, an address. */
  readonly subject: string;
  readonly status: CheckStatus;
  readonly message: string;
  /** What to do about it; given for every failure. */
  readonly fix?: string | undefined;
}

/** A router that runs on this machine. */
export interface RunningRouter {
  readonly pid: number;
  readonly port: number;
  readonly url: string;
  readonly adminToken: string;
}

export interface CheckInput {
  /** What is in force; zero config when the file cannot be used. */
  readonly loaded: LoadedConfig;
  /** Why the file cannot be used. */
  readonly configError: ConfigError | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  readonly stateDirectory: string;
  readonly clock: Clock;
  readonly running: readonly RunningRouter[];
}

/** Looks at one thing. Read-only, and never throws: what it could not find out is a result too. */
export type Check = (input: CheckInput) => Promise<readonly CheckResult[]>;
