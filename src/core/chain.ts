/** Where an item is in its chain. */
export interface Link<T> {
  readonly item: T;
  before: Link<T> | undefined;
  after: Link<T> | undefined;
}

/**
 * Items that come and go all the time, in the order in which they came. A Set would do, but not for what holds a whole
 * request: each time a Set is full of gaps it moves to a new table, the old one keeps hold of the new one, and once an
 * old one has lived for long enough, everything that ever was in any of them stays in memory until that is cleared of
 * old things.
 */
export class Chain<T> {
  #first: Link<T> | undefined;
  #last: Link<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The one that came first. */
  get first(): T | undefined {
    return this.#first?.item;
  }

  add(item: T): Link<T> {
    const link: Link<T> = { item, before: this.#last, after: undefined };
    if (this.#last === undefined) this.#first = link;
    else this.#last.after = link;
    this.#last = link;
    this.#size += 1;
    return link;
  }

  /** Only for a link of this chain. False where it has been removed before. */
  remove(link: Link<T>): boolean {
    if (link.before === undefined && link !== this.#first) return false;
    if (link.before === undefined) this.#first = link.after;
    else link.before.after = link.after;
    if (link.after === undefined) this.#last = link.before;
    else link.after.before = link.before;
    link.before = undefined;
    link.after = undefined;
    this.#size -= 1;
    return true;
  }

  /** All items of this moment. */
  items(): T[] {
    const items: T[] = [];
    for (let link = this.#first; link !== undefined; link = link.after) items.push(link.item);
    return items;
  }
}
