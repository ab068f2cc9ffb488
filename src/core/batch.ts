/**
 * Runs what comes in during one turn of the event loop together, at the end of the turn. Handling a request takes many
 * small pieces of code; run for one request at a time, between reads and writes, each finds the processor's caches
 * cold again. Nothing waits longer than the turn, so a lone request does not notice.
 */
export class Batch {
  #actions: (() => void)[] = [];
  readonly #run = () => {
    const actions = this.#actions;
    this.#actions = [];
    for (const action of actions) action();
  };

  /** `action` must not throw. */
  add(action: () => void): void {
    if (this.#actions.push(action) === 1) setImmediate(this.#run);
  }
}
