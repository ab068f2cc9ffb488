/** One count within its window. */
export interface Count {
  readonly value: number;
  /** Milliseconds until it begins again at 0. */
  readonly resetMs: number;
}

export interface Window {
  /** What is counted: `rpm`, `rpm:key:laptop`. */
  readonly name: string;
  readonly windowMs: number;
}

/**
 * Counts that all replicas of a router agree on. A window begins with its first count and is over `windowMs` later.
 * Where the state is local the answer comes at once, where it is shared as a promise that does not reject: who cannot
 * reach the others goes on alone.
 */
export interface SharedCounters {
  /** Adds to the count; a negative amount gives back. */
  add(window: Window, amount: number): Count | Promise<Count>;
}
