import { GatewayError } from '../../core/errors.ts';
import type { FinishReason } from '../canonical.ts';

const reasons = new Map<string, FinishReason>([
  ['COMPLETE', 'stop'],
  ['STOP_SEQUENCE', 'stop'],
  ['MAX_TOKENS', 'length'],
  ['ERROR_LIMIT', 'length'],
  ['TOOL_CALL', 'tool-calls'],
  ['ERROR_TOXIC', 'content-filter'],
]);

export function decodeFinishReason(raw: string, hasToolCalls: boolean): FinishReason {
  const reason = reasons.get(raw) ?? 'other';
  return reason === 'stop' && hasToolCalls ? 'tool-calls' : reason;
}

/** Throws for the reasons that are failures: a 200 does not make them answers. `detail` is the API's own text. */
export function checkFinishReason(raw: string | undefined, detail: string | undefined): void {
  const message = detail ?? `Cohere gave up its answer with ${raw ?? 'an error'}.`;
  if (raw === 'TIMEOUT') throw new GatewayError('upstream_timeout', message);
  if (raw === 'ERROR' || detail !== undefined) throw new GatewayError('upstream_failed', message);
}
