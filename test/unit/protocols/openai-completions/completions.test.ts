import type OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import type { Part } from '../../../../src/protocols/canonical.ts';
import { inbound as completionsInbound } from '../../../../src/protocols/openai-completions/inbound.ts';
import { inspector as completionsInspector } from '../../../../src/protocols/openai-completions/inspector.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';
import { parseEvent, SseSplitter } from '../../../../src/transport/sse.ts';
import { readCapture } from '../../../support/read-fixture.ts';
import { answerContext, candidate, route } from '../openai-chat/samples.ts';

const decode = (body: JsonObject) => completionsInbound.decode(body, route);

describe('a request', () => {
  test('becomes a chat of one message', () => {
    const body = { model: 'm', prompt: 'Say', max_tokens: 5, stop: ['x'], logprobs: 2, stream: true };
    expect(decode({ ...body, stream_options: { include_usage: true } })).toEqual({
      request: {
        model: 'm',
        messages: [{ role: 'user', content: [{ kind: 'text', text: 'Say' }] }],
        tools: [],
        maxTokens: 5,
        stop: ['x'],
        logprobs: true,
        topLogprobs: 2,
        stream: true,
        includeUsage: true,
      },
      drops: [],
    });
  });

  test('loses by name what a chat cannot do, when it asks for it', () => {
    expect(decode({ prompt: 'a', suffix: 'b', echo: true, best_of: 3 }).drops).toEqual(['suffix', 'echo', 'best_of']);
    expect(decode({ prompt: ['a'], suffix: null, echo: false, best_of: 1 }).drops).toEqual([]);
  });

  test.each([[['a', 'b']], [[1, 2]], [[[1, 2]]]])('of %j needs an upstream with completions', (prompt) => {
    expect(() => decode({ prompt })).toThrow(expect.objectContaining({ code: 'unsupported', param: 'prompt' }));
  });

  test.each([undefined, 7])('with a prompt of %s is malformed', (prompt) => {
    expect(() => decode({ prompt })).toThrow(expect.objectContaining({ code: 'bad_request', param: 'prompt' }));
  });

  test.each([
    ['a'.repeat(40), 10],
    [['a'.repeat(40), 'b'.repeat(4)], 11],
    [[1, 2, 3], 3],
    [[[1, 2], [3]], 3],
  ])('is measured whatever its form', (prompt, tokens) => {
    expect(completionsInbound.facts({ prompt }, route).promptTokens).toBe(tokens);
  });
});

describe('an answer', () => {
  test('has the shape of the SDK', () => {
    const logprob = (token: string) => ({ token, logprob: -1, bytes: null, top: [{ token: 'x', logprob: -2 }] });
    const body = completionsInbound.encodeResponse(
      {
        id: 'x',
        model: 'm',
        created: 7,
        choices: [
          {
            index: 0,
            content: [
              { kind: 'reasoning', text: 'hm' },
              { kind: 'text', text: 'Yes.' },
            ],
            finishReason: 'length',
            logprobs: [logprob('Yes'), logprob('.')],
          },
        ],
        usage: { input: 1, output: 2 },
      },
      answerContext(),
    );
    expect(body).toEqual({
      id: 'x',
      object: 'text_completion',
      created: 7,
      model: 'm',
      choices: [
        {
          index: 0,
          text: 'Yes.',
          logprobs: {
            tokens: ['Yes', '.'],
            token_logprobs: [-1, -1],
            top_logprobs: [{ x: -2 }, { x: -2 }],
            text_offset: [0, 3],
          },
          finish_reason: 'length',
        },
      ],
      usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    } satisfies OpenAI.Completion);
  });

  test('as a stream shows text alone and counts its offsets on', () => {
    const encoder = completionsInbound.streamEncoder(answerContext({ includeUsage: false }), 'sse');
    const logprobs = (token: string): Part => ({
      kind: 'logprobs',
      choice: 0,
      logprobs: [{ token, logprob: -1, top: [] }],
    });
    const parts: Part[] = [
      { kind: 'start', id: 'x', model: 'm', created: 7 },
      { kind: 'block-start', choice: 0, block: 0, content: { kind: 'reasoning' } },
      { kind: 'block-delta', choice: 0, block: 0, text: 'hm' },
      { kind: 'block-end', choice: 0, block: 0 },
      { kind: 'block-start', choice: 0, block: 1, content: { kind: 'text' } },
      { kind: 'block-delta', choice: 0, block: 1, text: 'Yes' },
      logprobs('Yes'),
      logprobs('.'),
      { kind: 'finish', choice: 0, reason: 'stop' },
      { kind: 'usage', usage: { input: 1, output: 2 } },
    ];
    const events = (parts.map((part) => encoder.encode(part)).join('') + encoder.end()).split('\n\n').slice(0, -1);
    expect(events.at(-1)).toBe('data: [DONE]');
    const choices = events.slice(0, -1).map((event) => JSON.parse(event.slice(6)).choices[0]);
    expect(choices).toMatchObject([
      { text: 'Yes', finish_reason: null },
      { text: '', logprobs: { text_offset: [0] } },
      { text: '', logprobs: { text_offset: [3] } },
      { text: '', finish_reason: 'stop' },
    ]);
  });

  test('as a stream tells usage to clients that asked', () => {
    const encoder = completionsInbound.streamEncoder(answerContext({ includeUsage: true }), 'sse');
    encoder.encode({ kind: 'start', id: 'x', model: 'm', created: 7 });
    encoder.encode({ kind: 'usage', usage: { input: 1, output: 2 } });
    expect(encoder.end()).toMatch(/"choices":\[\],"usage":\{"prompt_tokens":1.*\}\}\n\ndata: \[DONE\]\n\n$/);
  });
});

describe('a passing answer', () => {
  const target = candidate();

  test('is understood as it streams', () => {
    const kinds = new SseSplitter().split(readCapture('completions-stream').body).map((raw) => {
      const { event, data } = parseEvent(raw);
      return completionsInspector.meaning(event, data ?? '', target).kind;
    });
    expect(kinds).toEqual(['content', 'content', 'content', 'content', 'preamble', 'finish', 'end']);
  });

  test('is understood as a whole', () => {
    const body = JSON.parse(readCapture('completions').body.toString('utf8'));
    expect(completionsInspector.answer(body, target)).toMatchObject({ usage: { input: 5, output: 5 } });
    expect(() => completionsInspector.answer({ choices: [{}] }, target)).toThrow(
      expect.objectContaining({ code: 'upstream_invalid' }),
    );
  });
});
