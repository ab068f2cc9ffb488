import { GatewayError } from '../core/errors.ts';
import type { Candidate } from '../core/model.ts';

/**
 * The `upstream_invalid` of an answer that nothing can be made of, so that another candidate is tried. `problem` says
 * what is wrong with it, as in "it is empty".
 */
export function invalidAnswer(target: Candidate, problem: string, cause?: unknown): GatewayError {
  const message = `${target.endpoint.providerId} sent an unusable answer: ${problem}.`;
  return new GatewayError('upstream_invalid', message, { cause });
}
