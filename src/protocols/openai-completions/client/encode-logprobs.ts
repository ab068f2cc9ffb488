import type { TokenLogprob } from '../../canonical.ts';
import type { WireLogprobs } from '../wire.ts';

/** `offset` is where the first token begins in the answer's text. */
export function encodeLogprobs(tokens: readonly TokenLogprob[], offset: number): WireLogprobs {
  let end = offset;
  const offsets = tokens.map(({ token }) => {
    const start = end;
    end += token.length;
    return start;
  });
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: tokens.map(({ top }) => Object.fromEntries(top.map(({ token, logprob }) => [token, logprob]))),
    text_offset: offsets,
  };
}
