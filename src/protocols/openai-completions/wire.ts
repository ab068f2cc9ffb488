import type { Completion, CompletionChoice } from 'openai/resources/completions';
import type { FormatId } from '../protocol.ts';

export const formatId: FormatId = { protocol: 'chat_completions', operation: 'completions' };

/** Name of this protocol in seals, extensions and format ids. */
export const protocol = formatId.protocol;

export const completionsPath = '/completions';

export type WireLogprobs = CompletionChoice.Logprobs;

/** In streams the finish reason is null until the last chunk; the SDK has one type for both. */
export type WireChoice = Omit<CompletionChoice, 'finish_reason'> & {
  readonly finish_reason: CompletionChoice['finish_reason'] | null;
};

export type WireCompletion = Omit<Completion, 'choices'> & { readonly choices: readonly WireChoice[] };
