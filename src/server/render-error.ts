import type { GatewayError } from '../core/errors.ts';
import type { AttemptRecord } from '../core/events.ts';
import { attemptFacts } from '../gateway/delivery.ts';
import type { ErrorRenderer } from '../protocols/protocol.ts';

export interface RenderedError {
  readonly status: number;
  /** Flat list. */
  readonly headers: readonly string[];
  readonly body: string;
}

export interface ErrorContext {
  readonly renderer: ErrorRenderer;
  readonly requestId: string;
  readonly attempts: readonly AttemptRecord[];
  /** Headers that say how the request went. */
  readonly headers: readonly string[];
}

/** An error in the envelope of the client's protocol, with the headers that SDKs act on. */
export function renderError(error: GatewayError, context: ErrorContext): RenderedError {
  const facts = { requestId: context.requestId, attempts: attemptFacts(context.attempts) };
  const headers = [...context.headers, 'content-type', 'application/json; charset=utf-8'];
  // Every attempt that made sense has been made here; an SDK that tries again would only multiply them.
  if (context.attempts.length > 0 || error.source === 'client') headers.push('x-should-retry', 'false');
  if (error.retryAfterMs !== undefined)
    headers.push('retry-after', String(Math.max(1, Math.ceil(error.retryAfterMs / 1000))));
  if (error.code === 'unauthorized') headers.push('www-authenticate', 'Bearer realm="router"');
  return { status: error.status, headers, body: `${JSON.stringify(context.renderer.body(error, facts))}\n` };
}
