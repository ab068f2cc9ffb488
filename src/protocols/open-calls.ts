import { Queue } from '../core/queue.ts';

interface NamedCall {
  readonly id: string;
  readonly name: string;
}

/**
 * Calls of a conversation that no result has answered yet, in their order, for wires on which a result may name its
 * call by id, by name or not at all. A call that is taken is answered.
 */
export class OpenCalls<Call extends NamedCall> {
  readonly #all = new Queue<Call>();
  readonly #byName = new Map<string, Queue<Call>>();
  readonly #byId = new Map<string, Queue<Call>>();
  /** Those that were taken leave each queue when it comes to them. */
  readonly #taken = new Set<Call>();

  add(call: Call): void {
    this.#all.push(call);
    queueOf(this.#byName, call.name).push(call);
    queueOf(this.#byId, call.id).push(call);
  }

  takeFirst(): Call | undefined {
    return this.#take(this.#all);
  }

  takeNamed(name: string): Call | undefined {
    return this.#take(this.#byName.get(name));
  }

  takeById(id: string): Call | undefined {
    return this.#take(this.#byId.get(id));
  }

  #take(queue: Queue<Call> | undefined): Call | undefined {
    let call = queue?.shift();
    while (call !== undefined && this.#taken.has(call)) call = queue?.shift();
    if (call !== undefined) this.#taken.add(call);
    return call;
  }
}

function queueOf<Call>(queues: Map<string, Queue<Call>>, key: string): Queue<Call> {
  const known = queues.get(key);
  if (known !== undefined) return known;
  const queue = new Queue<Call>();
  queues.set(key, queue);
  return queue;
}
