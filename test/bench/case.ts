import type { Portkey } from './portkey.ts';
import type { Processes } from './processes.ts';

/** What a case is run with. */
export interface Bench {
  /** A directory of this run alone, gone afterwards. */
  readonly directory: string;
  readonly processes: Processes;
  /** The built binary, as if it had been installed some time ago. */
  readonly binary: string;
  readonly portkey: Portkey;
  readonly isQuick: boolean;
  /** Length of one measurement in whole seconds, which is what wrk takes. */
  readonly windowSeconds: number;
  /** How often the router and what it is compared with are measured, one after the other. */
  readonly pairs: number;
  /** Tells a person what is going on. */
  readonly note: (text: string) => void;
}

export type Unit = '×' | 'ms' | 'MB' | '';

/** A budget of the product: the figure has to stay on the right side of `must`, and should of `goal`; one may be left out. */
export interface Budget {
  readonly what: string;
  readonly unit: Unit;
  readonly limit: 'at-most' | 'at-least';
  readonly must?: number;
  readonly goal?: number;
}

export interface Measured extends Budget {
  readonly kind: 'measured';
  readonly measured: number;
  /** The figures that it was made of, and how they were come by. */
  readonly detail: string;
}

/** A budget that could not be looked at. */
export interface Skipped extends Budget {
  readonly kind: 'skipped';
  readonly reason: string;
}

export type Row = Measured | Skipped;

export interface BenchCase {
  /** For `--only`. */
  readonly name: string;
  run(bench: Bench): Promise<readonly Row[]>;
}

export function measured(budget: Budget, value: number, detail: string): Measured {
  return { kind: 'measured', ...budget, measured: value, detail };
}

export function skipped(budget: Budget, reason: string): Skipped {
  return { kind: 'skipped', ...budget, reason };
}

export function isWithin({ limit }: Budget, value: number, bound: number | undefined): boolean {
  if (bound === undefined) return true;
  return limit === 'at-most' ? value <= bound : value >= bound;
}
