interface Call {
  readonly id: string;
  readonly name: string;
  isAnswered: boolean;
}

/**
 * Ids for a wire on which they are optional. A call without one is numbered by its place in the conversation, which
 * only grows, so that the same call has the same id in every later request. A response without one belongs to the
 * oldest call of its name that is still open.
 */
export class CallIds {
  readonly #calls: Call[] = [];

  ofCall(name: string, id: string | undefined): string {
    const given = id === undefined || id === '' ? this.#free() : id;
    this.#calls.push({ id: given, name, isAnswered: false });
    return given;
  }

  ofResponse(name: string, id: string | undefined): string {
    const open = this.#calls.filter((call) => !call.isAnswered);
    const call =
      id === undefined || id === ''
        ? (open.find((one) => one.name === name) ?? open[0])
        : open.find((one) => one.id === id);
    if (call === undefined) return id === undefined || id === '' ? this.ofCall(name, undefined) : id;
    call.isAnswered = true;
    return call.id;
  }

  #free(): string {
    let number = this.#calls.length;
    while (this.#calls.some((call) => call.id === `call_${number}`)) number += 1;
    return `call_${number}`;
  }
}
