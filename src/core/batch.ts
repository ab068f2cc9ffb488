/**
 * Runs what comes up during one turn of the event loop together, at the end of the turn: requests are handled so, and
 * sockets written to. Handling a request takes many small pieces of code; run for one request at a time, between reads
 * and writes, each finds the processor's caches cold again. Nothing waits longer than the turn, so a lone request does
 * not notice.
 */
export class Batch {
  #actions: (() => void)[] = [];
  #writes: (() => void)[] = [];
  #isRunning = false;

  /** `action` must not throw. */
  add(action: () => void): void {
    if (this.#actions.push(action) === 1) setImmediate(this.#run);
  }

  /** What follows from the actions, when all of them are done. `action` must not throw. */
  addWrite(action: () => void): void {
    if (this.#writes.push(action) > 1) return;
    if (this.#isRunning) process.nextTick(this.#write);
    else setImmediate(this.#write);
  }

  readonly #run = () => {
    const actions = this.#actions;
    this.#actions = [];
    this.#isRunning = true;
    for (const action of actions) action();
    queueMicrotask(this.#awaitEnd);
  };

  /** Ticks come after all that the actions have left to be done in microtasks. */
  readonly #awaitEnd = () => process.nextTick(this.#end);

  readonly #end = () => {
    this.#isRunning = false;
  };

  readonly #write = () => {
    const writes = this.#writes;
    this.#writes = [];
    for (const write of writes) write();
  };
}
