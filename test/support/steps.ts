import { Session } from 'node:inspector';

/** What a piece of work took. */
export interface Steps {
  /** Runs of functions and loop bodies, and elements or characters that built-in functions went through. */
  readonly taken: number;
  /** Arguments of the widest call: a list that is spread into a call overflows the stack once it is long. */
  readonly widestCall: number;
}

/**
 * Counts the steps that `work` takes. Unlike seconds they are the same on every machine, so that a test can hold
 * growth to them. V8 counts how often each block of code runs; what happens inside built-in functions, where
 * it sees nothing, is counted by taking their place while `work` runs.
 */
export function countSteps(work: () => void): Steps {
  const builtIns = new CountedBuiltIns();
  blocksRun();
  builtIns.replace();
  try {
    work();
  } finally {
    builtIns.restore();
  }
  return { taken: builtIns.steps + blocksRun(), widestCall: builtIns.widestCall };
}

/** Opened once: V8 compiles everything anew when counting begins. */
let counting: Session | undefined;

function countingSession(): Session {
  if (counting !== undefined) return counting;
  counting = new Session();
  counting.connect();
  counting.post('Profiler.enable');
  counting.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  return counting;
}

/** Our code, and what reads and checks the configuration. */
const countedScripts = /\/(src|node_modules\/(yaml|zod))\//;

/** Since it was last asked. */
function blocksRun(): number {
  let sum = 0;
  countingSession().post('Profiler.takePreciseCoverage', (failure, covered) => {
    if (failure !== null) throw failure;
    for (const script of covered.result) {
      if (!countedScripts.test(script.url)) continue;
      for (const { ranges } of script.functions) for (const { count } of ranges) sum += count;
    }
  });
  return sum;
}

// biome-ignore lint/suspicious/noExplicitAny: stands in for functions of every kind.
type AnyFunction = (this: any, ...args: any[]) => any;

/** How many steps a call stands for, judged by what it was called on, what with, and what it gave back. */
type Cost = (self: unknown, args: readonly unknown[], result: unknown) => number;

const ofSelf: Cost = (self) => lengthOf(self);
const ofResult: Cost = (_self, _args, result) => lengthOf(result);
const ofArguments: Cost = (_self, args) => args.length;
const ofFirst: Cost = (_self, args) => lengthOf(args[0]);
/** Searches take as many steps as they pass elements. */
const ofSearch: Cost = (self, args, result) => {
  const from = typeof args[1] === 'number' ? args[1] : 0;
  return typeof result === 'number' && result >= 0 ? Math.abs(result - from) : lengthOf(self) - from;
};
/** A pattern that goes on where it last stopped passes each character once. */
const ofMatch: Cost = (self, args, result) => {
  if (!Array.isArray(result)) return lengthOf(args[0]);
  const isGoingOn = self instanceof RegExp && self.global;
  return lengthOf(result[0]) + (isGoingOn ? 0 : ((result as RegExpExecArray).index ?? 0));
};
const ofTrimmed: Cost = (self, _args, result) => lengthOf(self) - lengthOf(result);

/** `find`, `map` and their like are not here: what they call is code of ours, which V8 counts. */
const counted: readonly (readonly [owner: object, costs: Readonly<Record<string, Cost>>])[] = [
  [
    Array.prototype,
    {
      push: ofArguments,
      unshift: ofSelf,
      shift: ofSelf,
      slice: ofResult,
      splice: (self, _args, result) => Math.min(lengthOf(self), 16) + lengthOf(result),
      concat: ofResult,
      indexOf: ofSearch,
      includes: ofSelf,
      join: ofSelf,
      toSorted: ofSelf,
      toReversed: ofSelf,
    },
  ],
  [
    String.prototype,
    {
      indexOf: ofSearch,
      includes: ofSelf,
      split: ofSelf,
      trim: ofTrimmed,
      trimStart: ofTrimmed,
      trimEnd: ofTrimmed,
      toLowerCase: ofSelf,
      replace: ofSelf,
      replaceAll: ofSelf,
      match: ofSelf,
      search: ofSelf,
    },
  ],
  [Buffer.prototype, { indexOf: ofSearch, toString: ofResult, copy: ofSelf }],
  [Buffer, { concat: ofResult, from: ofResult, byteLength: ofFirst }],
  [RegExp.prototype, { exec: ofMatch }],
  [Object, { entries: ofResult, keys: ofResult, values: ofResult, fromEntries: ofFirst, assign: ofResult }],
  [JSON, { parse: ofFirst, stringify: ofResult }],
  [Math, { max: ofArguments, min: ofArguments }],
];

function lengthOf(value: unknown): number {
  if (typeof value === 'string' || Array.isArray(value) || value instanceof Uint8Array) return value.length;
  return 0;
}

class CountedBuiltIns {
  steps = 0;
  widestCall = 0;
  readonly #restores: (() => void)[] = [];

  replace(): void {
    for (const [owner, costs] of counted) for (const name in costs) this.#count(owner, name, costs[name] as Cost);
    this.#countIteration();
  }

  restore(): void {
    for (const restore of this.#restores.splice(0)) restore();
  }

  #count(owner: object, name: string, cost: Cost): void {
    const note = (self: unknown, args: readonly unknown[], result: unknown) => {
      this.steps += 1 + cost(self, args, result);
      if (args.length > this.widestCall) this.widestCall = args.length;
    };
    this.#put(owner, name, (given) => {
      return function (this: unknown, ...args: unknown[]) {
        const result = given.apply(this, args);
        note(this, args, result);
        return result;
      };
    });
  }

  /** `[...list]`, `f(...list)` and `for (const one of list)`: a step an element that is taken. */
  #countIteration(): void {
    this.#put(Array.prototype, Symbol.iterator, (given) => {
      const count = () => {
        this.steps += 1;
      };
      return function (this: unknown) {
        const inner = given.apply(this);
        return {
          next: () => {
            count();
            return inner.next();
          },
          return: () => ({ done: true, value: undefined }),
          [Symbol.iterator]() {
            return this;
          },
        };
      };
    });
  }

  #put(owner: object, name: string | symbol, wrap: (given: AnyFunction) => AnyFunction): void {
    const descriptor = Object.getOwnPropertyDescriptor(owner, name);
    if (descriptor === undefined) throw new Error(`there is no ${String(name)} to count`);
    Object.defineProperty(owner, name, { ...descriptor, value: wrap(descriptor.value as AnyFunction) });
    this.#restores.push(() => Object.defineProperty(owner, name, descriptor));
  }
}
