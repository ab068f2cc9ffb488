import type { WireEvent } from './wire.ts';

/** One event as it goes over the wire; its name is its type. */
export function frame(event: WireEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** A comment: the one sign of life that clients of any strictness ignore. */
export const keepAliveComment = ': keep-alive\n\n';
