/** Gives a slot back; safe to call again. */
export type FreeSlot = () => void;

/** A number of things that may be done at once. Who comes later waits, in the order of coming. */
export class Slots {
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves once a slot is free. Rejects with the signal's reason when that comes first. */
  enter(signal: AbortSignal): Promise<FreeSlot> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#free > 0) return Promise.resolve(this.#take());
    return new Promise((resolve, reject) => {
      const grant = () => {
        signal.removeEventListener('abort', leave);
        this.#waiting.delete(grant);
        resolve(this.#take());
      };
      const leave = () => {
        this.#waiting.delete(grant);
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.add(grant);
    });
  }

  #take(): FreeSlot {
    this.#free--;
    let isFree = false;
    return () => {
      if (isFree) return;
      isFree = true;
      this.#free++;
      this.#waiting.values().next().value?.();
    };
  }
}
