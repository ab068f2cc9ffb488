import type { Config } from '../config/schema.ts';
import type { GatewayError } from '../core/errors.ts';
import type { Candidate } from '../core/model.ts';

/** What `routing.failover` says. */
export interface FailoverPolicy {
  readonly enabled: boolean;
  /** Candidates tried for one request. */
  readonly maxAttempts: number;
  /** Replaces our own reading of statuses; undefined leaves it. */
  readonly statusCodes: ReadonlySet<number> | undefined;
  readonly onTimeout: boolean;
}

type FailoverConfig = Config['routing']['failover'];

/** One per configuration, since every request asks. */
const policies = new WeakMap<FailoverConfig, FailoverPolicy>();

export function failoverPolicy(config: FailoverConfig): FailoverPolicy {
  let policy = policies.get(config);
  if (policy === undefined) {
    const { enabled, max_attempts: maxAttempts, on_status_codes: codes, on_timeout: onTimeout } = config;
    policy = {
      enabled,
      maxAttempts: maxAttempts ?? Number.POSITIVE_INFINITY,
      statusCodes: codes === undefined ? undefined : new Set(codes),
      onTimeout,
    };
    policies.set(config, policy);
  }
  return policy;
}

/** Whether the next candidate may be tried. `status` is the upstream's own, undefined when it sent none. */
export function mayMoveOn(error: GatewayError, status: number | undefined, policy: FailoverPolicy): boolean {
  if (!policy.enabled || error.source === 'client') return false;
  if (error.code === 'upstream_timeout') return policy.onTimeout;
  if (policy.statusCodes !== undefined && status !== undefined && status >= 400) return policy.statusCodes.has(status);
  return error.retry !== 'never';
}

/** Index of the next candidate that can help: after a context error only one with more, or unknown, context. */
export function nextFitting(
  order: readonly Candidate[],
  from: number,
  needed: { readonly context: number } | undefined,
): number {
  for (let index = from; index < order.length; index++) {
    const context = order[index]?.model.context;
    if (needed === undefined || context === undefined || context > needed.context) return index;
  }
  return -1;
}
