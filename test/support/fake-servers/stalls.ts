/** Answers that stand still until the test lets them go on. */
export class Stalls {
  #held: (() => void)[] = [];
  #waiters: (() => void)[] = [];

  /** Stands still until `release`, or until the peer is gone. */
  hold(gone: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      this.#held.push(resolve);
      void gone.then(() => {
        this.#held = this.#held.filter((other) => other !== resolve);
        resolve();
      });
      const waiters = this.#waiters;
      this.#waiters = [];
      for (const wake of waiters) wake();
    });
  }

  /** Resolves once an answer stands still; at once when one does. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#held.length > 0) return resolve();
      this.#waiters.push(resolve);
    });
  }

  release(): void {
    const held = this.#held;
    this.#held = [];
    for (const resolve of held) resolve();
  }
}
