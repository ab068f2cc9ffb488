import { GatewayError } from '../core/errors.ts';
import type { Endpoint } from '../core/model.ts';

/**
 * What an upstream's answer says of a loop; undefined for any other. Another host's 508 may mean something of its own, a
 * router's names its request.
 */
export function loopAnswer(
  endpoint: Endpoint,
  status: number,
  headers: Readonly<Record<string, unknown>>,
): GatewayError | undefined {
  if (status !== 508 || headers['x-router-request-id'] === undefined) return undefined;
  const who = endpoint.providerId;
  return new GatewayError('loop_detected', `${who} leads back to this router, itself or through another one.`, {
    hint: `correct the address of the provider "${who}"`,
    upstreamStatus: status,
  });
}
