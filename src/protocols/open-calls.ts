interface NamedCall {
  readonly id: string;
  readonly name: string;
}

/** A call, and those that come next in the lists that it stands in. */
interface Place<Call> {
  readonly call: Call;
  isTaken: boolean;
  next: Place<Call> | undefined;
  nextNamed: Place<Call> | undefined;
  nextOfId: Place<Call> | undefined;
}

type Link = 'next' | 'nextNamed' | 'nextOfId';

/** Calls that were taken leave it when it comes to them. */
interface Line<Call> {
  first: Place<Call> | undefined;
  last: Place<Call> | undefined;
}

/**
 * Calls of a conversation that no result has answered yet, in their order, for wires on which a result may name its
 * call by id, by name or not at all. A call that is taken is answered.
 */
export class OpenCalls<Call extends NamedCall> {
  readonly #all: Line<Call> = { first: undefined, last: undefined };
  readonly #byName = new Map<string, Line<Call>>();
  readonly #byId = new Map<string, Line<Call>>();

  add(call: Call): void {
    const place: Place<Call> = { call, isTaken: false, next: undefined, nextNamed: undefined, nextOfId: undefined };
    addTo(this.#all, place, 'next');
    addAt(this.#byName, call.name, place, 'nextNamed');
    addAt(this.#byId, call.id, place, 'nextOfId');
  }

  takeFirst(): Call | undefined {
    return take(this.#all, 'next');
  }

  takeNamed(name: string): Call | undefined {
    return take(this.#byName.get(name), 'nextNamed');
  }

  takeById(id: string): Call | undefined {
    return take(this.#byId.get(id), 'nextOfId');
  }
}

function addAt<Call>(lines: Map<string, Line<Call>>, key: string, place: Place<Call>, link: Link): void {
  const line = lines.get(key);
  if (line === undefined) lines.set(key, { first: place, last: place });
  else addTo(line, place, link);
}

function addTo<Call>(line: Line<Call>, place: Place<Call>, link: Link): void {
  if (line.last === undefined) line.first = place;
  else line.last[link] = place;
  line.last = place;
}

function take<Call>(line: Line<Call> | undefined, link: Link): Call | undefined {
  if (line === undefined) return undefined;
  let place = line.first;
  while (place?.isTaken === true) place = place[link];
  line.first = place?.[link];
  if (line.first === undefined) line.last = undefined;
  if (place === undefined) return undefined;
  place.isTaken = true;
  return place.call;
}
