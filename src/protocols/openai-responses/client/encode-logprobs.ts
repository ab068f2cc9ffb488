import type { TokenLogprob } from '../../canonical.ts';
import type { WireText } from '../wire.ts';

/** Bytes are not optional on this wire. */
export function encodeLogprobs(logprobs: readonly TokenLogprob[]): NonNullable<WireText['logprobs']> {
  return logprobs.map((token) => ({ ...encodeTop(token), top_logprobs: token.top.map(encodeTop) }));
}

function encodeTop(token: TokenLogprob['top'][number]) {
  return { token: token.token, logprob: token.logprob, bytes: [...(token.bytes ?? [])] };
}
