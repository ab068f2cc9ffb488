import type { TokenLogprob } from '../canonical.ts';
import { asArray, asNumber, asObject, asString } from '../fields.ts';
import type { WireLogprobs } from './wire.ts';

interface Scored {
  readonly token: string;
  readonly logprob: number;
}

function scored(value: unknown): Scored | undefined {
  const candidate = asObject(value);
  const token = asString(candidate?.token);
  return token === undefined ? undefined : { token, logprob: asNumber(candidate?.logProbability) ?? 0 };
}

/** Empty when the answer carries none. The lists of chosen and of top tokens run in parallel. */
export function logprobsFromWire(value: unknown): readonly TokenLogprob[] {
  const result = asObject(value);
  const tops = asArray(result?.topCandidates);
  return asArray(result?.chosenCandidates).flatMap((chosen, index) => {
    const token = scored(chosen);
    if (token === undefined) return [];
    const top = asArray(asObject(tops[index])?.candidates).flatMap((candidate) => scored(candidate) ?? []);
    return [{ ...token, top }];
  });
}

export function logprobsToWire(logprobs: readonly TokenLogprob[]): WireLogprobs {
  const toWire = ({ token, logprob }: Scored) => ({ token, logProbability: logprob });
  return {
    chosenCandidates: logprobs.map(toWire),
    topCandidates: logprobs.map(({ top }) => ({ candidates: top.map(toWire) })),
  };
}
