import { GatewayError } from '../../core/errors.ts';
import type { JsonObject } from '../protocol.ts';

/** Fields that name what Anthropic keeps between requests; without it the prompt would not be whole. */
const keptThere: readonly string[] = ['thread', 'container'];

/** Whether a request rests on something that only Anthropic's own servers have. */
export function namesKeptState(body: JsonObject): boolean {
  return keptThere.some((field) => body[field] !== undefined && body[field] !== null);
}

/** Throws `unsupported` for it. The official clients send the whole conversation when they read these details. */
export function refuseKeptState(body: JsonObject): void {
  if ((body.thread ?? undefined) !== undefined)
    throw new GatewayError('unsupported', 'thread: Threads are not kept here; send all messages without it.', {
      param: 'thread',
      clientDetails: { error_code: 'thread_unsupported_request', unsupported: ['thread'] },
    });
  if ((body.container ?? undefined) !== undefined)
    throw new GatewayError('unsupported', 'container: Containers are only at Anthropic; send the request without it.', {
      param: 'container',
    });
}
