import type { TokenLogprob } from '../canonical.ts';
import { asArray, asObject, asString } from '../fields.ts';

/** Items of text with the log probabilities of the tokens that make it up: those of a text add up. */
export function decodeLogprobs(items: readonly unknown[]): readonly TokenLogprob[] {
  return items.flatMap((item) => {
    const object = asObject(item);
    const token = asString(object?.text);
    const logprobs = asArray(object?.logprobs).filter((value) => typeof value === 'number');
    if (token === undefined || logprobs.length === 0) return [];
    return [
      { token, logprob: logprobs.reduce((sum, value) => sum + value, 0), bytes: [...Buffer.from(token)], top: [] },
    ];
  });
}
