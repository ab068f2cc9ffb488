import { createHash } from 'node:crypto';
import type { Config } from '../config/schema.ts';
import { openingOf } from '../protocols/opening.ts';
import { sessionOf } from './conditional-routes.ts';
import type { Exchange } from './exchange.ts';

/**
 * What a request belongs to, as `routing.sticky` counts it; undefined when it belongs to nothing, or nothing is to be
 * remembered. A digest, since what it is made of is the client's and of any length.
 */
export function conversationOf(sticky: Config['routing']['sticky'], exchange: Exchange): string | undefined {
  if (sticky === undefined) return undefined;
  const name = nameOf(sticky.by, exchange);
  if (name === undefined || name === '') return undefined;
  // One client's sessions are not another's.
  return createHash('sha256')
    .update(`${exchange.key?.name ?? ''}\n${name}`)
    .digest('base64url');
}

function nameOf(by: 'session' | 'conversation' | 'user', exchange: Exchange): string | undefined {
  switch (by) {
    case 'session':
      return sessionOf(exchange);
    case 'conversation':
      return openingOf(exchange.json);
    case 'user': {
      const { user } = exchange.json;
      return typeof user === 'string' ? user : undefined;
    }
  }
}
