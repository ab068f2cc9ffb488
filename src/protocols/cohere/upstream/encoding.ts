import { GatewayError } from '../../../core/errors.ts';
import type { Candidate } from '../../../core/model.ts';
import type { CacheMark } from '../../canonical.ts';

/** What encoding of one request needs to know, and what it found that the wire cannot carry. */
export interface EncodeState {
  readonly drops: Set<string>;
  /** Whether the model takes `thinking`, of its own and of others before it. */
  readonly reasons: boolean;
}

/** Models that reason by their names, where it is not known otherwise; to all others `thinking` is an error. */
const reasoningNames = /reasoning|command-a-plus/i;

export function reasons({ model }: Candidate): boolean {
  return model.capabilities?.has('reasoning') ?? reasoningNames.test(model.upstreamId);
}

/** For what must not be left out: the answer would be to another question. */
export function incapable(what: string): GatewayError {
  return new GatewayError('upstream_incapable', `This upstream does not take ${what}.`);
}

export function dropCacheMark(mark: CacheMark | undefined, { drops }: EncodeState): void {
  if (mark !== undefined) drops.add('cache_control');
}
