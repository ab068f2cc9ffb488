import { randomBytes } from 'node:crypto';

/** Names the routers that a request has passed, in order. */
export const passedHeader = 'x-router-via';

/** The header as it came; several are one list. */
export type Passed = string | readonly string[] | undefined;

/** More routers in a row than anybody sets up; a chain of them that turns in itself ends here at the latest. */
const maxRouters = 8;
const pattern = /^[\w-]{1,32}$/;

/**
 * What this router puts on the requests it sends, so that one that comes back, also through other routers, is known
 * at once. A client that makes it up only keeps its own request from being answered.
 */
export class LoopMark {
  /** New at every start, and not known outside before the first request. */
  readonly id = randomBytes(9).toString('base64url');

  /** Whether a request with this header has been here before, or passed too many routers. */
  isLoop(passed: Passed): boolean {
    if (passed === undefined) return false;
    const routers = routersIn(passed);
    return routers.includes(this.id) || routers.length >= maxRouters;
  }

  /** The header of the request that follows from one with `passed`. */
  after(passed: Passed): string {
    return passed === undefined ? this.id : [...routersIn(passed), this.id].join(', ');
  }
}

function routersIn(passed: string | readonly string[]): readonly string[] {
  return String(passed)
    .split(',', maxRouters + 1)
    .map((name) => name.trim())
    .filter((name) => pattern.test(name));
}
