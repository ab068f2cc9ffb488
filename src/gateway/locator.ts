import type { Clock, Timer } from '../core/clock.ts';
import type { Localities } from '../transport/locality.ts';

export interface LocatorOptions {
  readonly clock: Clock;
  readonly localities: Localities;
  /** Those of the present snapshot. */
  readonly hosts: () => readonly string[];
  /** A host turned out to be elsewhere than was thought. */
  readonly onChange: () => void;
}

/** Between looks at hosts that do not resolve yet and at those of the own network. Milliseconds. */
const intervalMs = 30_000;

/** Keeps up to date what is known of where hosts are. Connections do not rest on it: they are judged by themselves. */
export class Locator {
  readonly #options: LocatorOptions;
  readonly #first = Promise.withResolvers<void>();
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: LocatorOptions) {
    this.#options = options;
  }

  /** Resolves when every host has been looked up once; also when closed. */
  get firstLook(): Promise<void> {
    return this.#first.promise;
  }

  start(): void {
    void this.lookUpAll().then(() => this.#first.resolve());
    this.#schedule();
  }

  async lookUpAll(): Promise<void> {
    await this.#lookUp(this.#options.hosts());
  }

  /** Hosts that have come up since, and those whose place may have changed. */
  async lookUpUnsettled(): Promise<void> {
    await this.#lookUp(this.#options.localities.unsettled(this.#options.hosts()));
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#first.resolve();
  }

  #schedule(): void {
    this.#timer = this.#options.clock.setTimer(intervalMs, () => {
      void this.lookUpUnsettled();
      this.#schedule();
    });
  }

  async #lookUp(hosts: readonly string[]): Promise<void> {
    await this.#options.localities.learn(hosts, () => {
      if (!this.#isClosed) this.#options.onChange();
    });
  }
}
