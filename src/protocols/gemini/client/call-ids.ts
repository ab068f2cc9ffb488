import { OpenCalls } from '../../open-calls.ts';

/**
 * Ids for a wire on which they are optional. A call without one is numbered by its place in the conversation, which
 * only grows, so that the same call has the same id in every later request. A response without one belongs to the
 * oldest call of its name that is still open.
 */
export class CallIds {
  readonly #open = new OpenCalls();
  /** Ids that the client brought. */
  readonly #brought = new Set<string>();
  /** Calls so far, and numbers that were passed over since a call brought them as its id. */
  #number = 0;

  ofCall(name: string, id: string | undefined): string {
    const isBrought = id !== undefined && id !== '';
    const own = isBrought ? id : this.#free();
    if (isBrought) this.#brought.add(id);
    this.#number += 1;
    this.#open.add({ id: own, name });
    return own;
  }

  ofResponse(name: string, id: string | undefined): string {
    if (id !== undefined && id !== '') {
      this.#open.takeById(id);
      return id;
    }
    const call = this.#open.takeNamed(name) ?? this.#open.takeFirst();
    return call?.id ?? this.ofCall(name, undefined);
  }

  #free(): string {
    while (this.#brought.size > 0 && this.#brought.has(`call_${this.#number}`)) this.#number += 1;
    return `call_${this.#number}`;
  }
}
