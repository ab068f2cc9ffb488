/**
 * Resolves in a later turn of the event loop, once others have been heard and answered: what takes long for one
 * request is done in parts with this between them, so that no other request waits for all of it.
 */
export function nextTurn(): Promise<void> {
  // Twice, since what was heard in this turn is answered at its end, in the order in which it came up.
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

/** Bodies from here on are worked on in parts. What is smaller takes less than the parts would. Bytes. */
const longBytes = 512 * 1024;

/** `nextTurn` for a body that is long; undefined, without a promise, for one that is not. */
export function nextTurnIfLong(body: Buffer): Promise<void> | undefined {
  return body.length < longBytes ? undefined : nextTurn();
}
