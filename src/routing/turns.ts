import { boundedName } from '../core/model.ts';

/** Names that are counted. Clients can invent any number of them; the one that was longest out of use starts anew. */
const maxNames = 1_024;

/** How many requests each model has had: for strategies that take turns, which remember nothing themselves. */
export class Turns {
  readonly #next = new Map<string, number>();

  /** The turn of the next request for the model, from 0, without taking it. */
  peek(model: string): number {
    return this.#next.get(boundedName(model)) ?? 0;
  }

  take(model: string): number {
    const turn = this.peek(model);
    const name = boundedName(model);
    // Put last again: the map is in the order of use.
    this.#next.delete(name);
    this.#next.set(name, turn + 1);
    if (this.#next.size > maxNames) this.#forgetOldest();
    return turn;
  }

  #forgetOldest(): void {
    const oldest = this.#next.keys().next().value;
    if (oldest !== undefined) this.#next.delete(oldest);
  }
}
