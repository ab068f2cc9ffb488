/** Names of what was left out, each once, safe to put in a header whatever the client called its fields. */
export class Drops {
  readonly #names = new Set<string>();

  add(name: string): void {
    this.#names.add(name.replaceAll(/[^\w.[\]-]/g, '_').slice(0, 64));
  }

  get names(): readonly string[] {
    return [...this.#names];
  }
}
