import type { GatewayError } from '../../core/errors.ts';
import { present } from '../fields.ts';
import type { ErrorFacts, ErrorRenderer, JsonObject } from '../protocol.ts';
import { line } from './wire.ts';

/** Ollama's error is its text; what stands beside it is our addition. */
function encodeError(error: GatewayError, facts: ErrorFacts): JsonObject {
  return present({
    error: error.message,
    code: error.code,
    source: error.source,
    param: error.param,
    hint: error.hint,
    request_id: facts.requestId,
    attempts: facts.attempts.length === 0 ? undefined : facts.attempts,
  });
}

export const errorRenderer: ErrorRenderer = {
  body: encodeError,
  /** A line without `done`: clients throw on `error`, and the stream has no end marker to leave out but that. */
  streamEvent: (error, facts) => line(encodeError(error, facts)),
};
