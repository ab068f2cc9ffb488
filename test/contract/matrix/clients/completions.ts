import type OpenAI from 'openai';
import type { Client } from '../client.ts';
import { type Ask, type Heard, type Json, only, parse, rule, sseEvents } from '../vocabulary.ts';
import { openaiError } from './chat.ts';

type Completion = OpenAI.Completion;

function body(ask: Ask): Json {
  const prompt = ask.turns.flatMap((turn) => ('text' in turn ? [turn.text] : [])).join('\n');
  return {
    model: ask.model,
    prompt,
    ...(ask.stream && { stream: true, stream_options: { include_usage: true } }),
  };
}

function usageOf(usage: Completion['usage'] | null): Heard['usage'] {
  return usage ? { input: usage.prompt_tokens, output: usage.completion_tokens } : undefined;
}

function heard(text: string, finish: unknown, usage: Completion['usage'] | null): Heard {
  rule(finish === 'stop' || finish === 'length', `finish_reason is a known word, not ${String(finish)}`);
  return { text, reasoning: '', calls: [], finish, usage: usageOf(usage), echo: [] };
}

export const completionsClient: Client = {
  name: 'completions',
  format: { protocol: 'chat_completions', operation: 'completions' },
  lacks: {
    tools: 'a prompt has no tools',
    'streamed tools': 'a prompt has no tools',
    image: 'a prompt is text',
    reasoning: 'a completion shows no reasoning',
    'streamed reasoning': 'a completion shows no reasoning',
    structured: 'a prompt asks for no format',
    'tool loop': 'a prompt has no tools',
    'streamed tool loop': 'a prompt has no tools',
    'reasoned tool loop': 'a prompt has no tools',
  },
  streamType: /^text\/event-stream/,
  hasCallIds: true,
  keepsSeals: false,
  request: (ask) => ({ path: '/v1/completions', body: body(ask) }),
  readWhole(json) {
    const completion = json as unknown as Completion;
    rule(completion.object === 'text_completion', 'object is text_completion');
    const choice = only(completion.choices, 'choice');
    return heard(choice.text, choice.finish_reason, completion.usage);
  },
  readStream(text) {
    let written = '';
    let finish: string | null = null;
    let usage: Completion['usage'] | null = null;
    const events = sseEvents(text);
    for (const { data } of events) {
      if (data === '[DONE]') break;
      const chunk = parse<Completion & { readonly error?: { readonly message: string } }>(data);
      if (chunk.error !== undefined) {
        rule(events.at(-1)?.data === data, 'nothing after the error');
        return { text: written, error: chunk.error.message };
      }
      rule(chunk.object === 'text_completion', 'object is text_completion');
      written += chunk.choices[0]?.text ?? '';
      finish = chunk.choices[0]?.finish_reason ?? finish;
      usage = chunk.usage ?? usage;
    }
    rule(events.at(-1)?.data === '[DONE]', 'a stream ends with [DONE]');
    return { text: written, heard: heard(written, finish, usage) };
  },
  readError: openaiError,
};
