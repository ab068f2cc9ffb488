/**
 * Tells once that a client has left, or that the process gave up on it. Every request has one and nearly none fires,
 * so the AbortSignal, which costs more than routing does, is only made for those who need one.
 */
export class Departure {
  #hasLeft = false;
  #listeners: Set<() => void> | undefined;
  #controller: AbortController | undefined;

  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#hasLeft) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  /** Not called for a departure that has already happened: ask `hasLeft` first. */
  on(listener: () => void): void {
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
  }

  off(listener: () => void): void {
    this.#listeners?.delete(listener);
  }

  /** Safe to repeat. */
  leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#controller?.abort();
    for (const listener of this.#listeners ?? []) listener();
    this.#listeners = undefined;
  }
}
