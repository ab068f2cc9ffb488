/** A connection whose client has ended its side. */
export interface HalfClosedConnection {
  /** Sends what changes nothing for a client that still reads. */
  probe(): void;
}

/** Milliseconds, by the system's clock, as Node keeps the other times of a connection. */
const everyMs = 300;
/** Looks until one that has been quick is over, and until all is known. */
const looks = { first: 2, last: 3 } as const;

/**
 * Some clients end their side after a request and read on; of others it is all that is heard of their leaving. They are
 * told apart by asking twice: to the first question a closed socket answers with a reset, which the second one meets.
 * All are asked together, so that those who left together are known to have before others take the places they leave.
 */
export class HalfClosed {
  /** Looks that each has seen. */
  readonly #seen = new Map<HalfClosedConnection, number>();
  #timer: NodeJS.Timeout | undefined;

  add(connection: HalfClosedConnection): void {
    this.#seen.set(connection, 0);
    this.#timer ??= setInterval(() => this.#look(), everyMs).unref();
  }

  /** Safe to repeat. */
  delete(connection: HalfClosedConnection): void {
    if (!this.#seen.delete(connection) || this.#seen.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    for (const [connection, seen] of [...this.#seen]) {
      const look = seen + 1;
      this.#seen.set(connection, look);
      if (look >= looks.first) connection.probe();
      if (look >= looks.last) this.delete(connection);
    }
  }
}
