import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { outbound as bedrockOutbound } from '../../../../src/protocols/bedrock-converse/outbound.ts';
import type { CanonicalResponse, ContentPart, Part } from '../../../../src/protocols/canonical.ts';
import { collectParts } from '../../../../src/protocols/collect.ts';
import { checkResponses, cutAt, decodeStream, type ResponseLimits, responses, text } from '../../../contract/codec.ts';
import {
  type BedrockAnswer,
  eventFrame,
  exceptionFrame,
  type FakeBlock,
  streamFrames,
  wholeAnswer,
} from '../../../support/fake-servers/bedrock.ts';
import { readFixture } from '../../../support/read-fixture.ts';
import { candidate, decodeContext, joined, nova, request } from './samples.ts';

const words: Readonly<Record<string, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  'content-filter': 'guardrail_intervened',
  'tool-calls': 'tool_use',
  refusal: 'refusal',
  pause: 'pause_turn',
};

const sealed: fc.Arbitrary<ContentPart> = text.map((thought) => ({
  kind: 'reasoning',
  text: thought,
  seal: { protocol: 'messages', value: 'c2VhbA==' },
}));
const redacted: fc.Arbitrary<ContentPart> = fc.constant({
  kind: 'reasoning',
  text: '',
  seal: { protocol: 'messages', value: 'cmVkYWN0ZWQ=', isRedacted: true },
});

const limits: ResponseLimits = {
  finishReasons: ['stop', 'length', 'content-filter', 'refusal', 'pause'],
  reasoning: fc.oneof(sealed, redacted),
  choices: 1,
  usage: ['input', 'output'],
  hasCreated: false,
};

function block(part: ContentPart): FakeBlock {
  if (part.kind === 'text') return { text: part.text };
  if (part.kind === 'tool-call') {
    return { toolUse: { toolUseId: part.id, name: part.name, input: JSON.parse(part.arguments) } };
  }
  if (part.kind !== 'reasoning' || part.seal === undefined) throw new Error(`${part.kind} has no place on the wire`);
  const { value, isRedacted } = part.seal;
  return isRedacted === true ? { redacted: value } : { reasoning: part.text, signature: value };
}

/** The answer as the service would send it; ids and names of answers have no place there. */
function answerOf({ choices, usage }: CanonicalResponse): BedrockAnswer {
  const [choice] = choices;
  return {
    blocks: choice?.content.map(block) ?? [],
    stopReason: words[choice?.finishReason ?? 'stop'] ?? '',
    usage: { inputTokens: usage?.input ?? 0, outputTokens: usage?.output ?? 0 },
  };
}

function named(response: CanonicalResponse, made: CanonicalResponse): CanonicalResponse {
  return { ...response, id: made.id, model: made.model };
}

describe('any answer', () => {
  test('survives the wire', () => {
    checkResponses(limits, (made) => {
      const body = JSON.parse(JSON.stringify(wholeAnswer(answerOf(made))));
      return named(bedrockOutbound.decodeResponse(body, decodeContext()), made);
    });
  });

  test('survives the stream, wherever its bytes are cut', () => {
    fc.assert(
      fc.property(responses(limits), fc.array(fc.nat(), { maxLength: 12 }), (made, at) => {
        const bytes = Buffer.concat(streamFrames(answerOf(made)));
        const whole = decodeStream([bytes], bedrockOutbound.streamDecoder(decodeContext()));
        const wire = JSON.parse(JSON.stringify(wholeAnswer(answerOf(made))));
        expect(collectParts(whole)).toEqual(bedrockOutbound.decodeResponse(wire, decodeContext()));
        expect(decodeStream(cutAt(bytes, at), bedrockOutbound.streamDecoder(decodeContext()))).toEqual(whole);
      }),
    );
  });
});

test('a stream of text and a call is read event by event', () => {
  const lines = readFixture('bedrock/converse-stream.jsonl').toString('utf8').trim().split('\n');
  const events = lines.map((line) => Object.entries(JSON.parse(line) as Record<string, Record<string, unknown>>)[0]);
  const frames = events.map((event) => eventFrame(event?.[0] ?? '', event?.[1] ?? {}));
  const parts = decodeStream(frames, bedrockOutbound.streamDecoder(decodeContext(nova)));
  expect(joined(parts)).toEqual<readonly Part[]>([
    { kind: 'start', id: '', model: nova, created: 0 },
    { kind: 'block-start', choice: 0, block: 0, content: { kind: 'text' } },
    { kind: 'block-delta', choice: 0, block: 0, text: 'Let me look up the weather in Zürich.' },
    { kind: 'block-end', choice: 0, block: 0, seal: undefined },
    {
      kind: 'block-start',
      choice: 0,
      block: 1,
      content: { kind: 'tool-call', id: 'tooluse_kZJMlvQmRJ6eAyJE5GIl7Q', name: 'weather' },
    },
    { kind: 'block-delta', choice: 0, block: 1, text: '{"city":"Zürich"}' },
    { kind: 'block-end', choice: 0, block: 1, seal: undefined },
    { kind: 'finish', choice: 0, reason: 'tool-calls', raw: 'tool_use', stopSequence: undefined },
    { kind: 'usage', usage: { input: 1125, output: 117, cachedInput: 500, cacheWrite: 500 } },
  ]);
});

describe('an answer', () => {
  test('counts what was read from and written to the cache as input', () => {
    const usage = { inputTokens: 10, outputTokens: 5, cacheReadInputTokens: 100, cacheWriteInputTokens: 20 };
    const { usage: counted } = bedrockOutbound.decodeResponse(wholeAnswer({ usage }), decodeContext());
    expect(counted).toEqual({ input: 130, output: 5, cachedInput: 100, cacheWrite: 20 });
  });

  test.each([
    ['model_context_window_exceeded', 'length'],
    ['content_filtered', 'content-filter'],
    ['malformed_tool_use', 'other'],
    ['constructor', 'other'],
  ])('that stopped for %s ended in %s', (stopReason, finishReason) => {
    const { choices } = bedrockOutbound.decodeResponse(wholeAnswer({ stopReason }), decodeContext());
    expect(choices[0]).toMatchObject({ finishReason, rawFinishReason: stopReason });
  });

  test.each([
    [{ stop_sequence: 'END' }, 'END'],
    [{ delta: { stop_sequence: 'END' } }, 'END'],
    [{ stop_sequence: null }, undefined],
  ])('names its stop sequence: %j', (additionalModelResponseFields, stopSequence) => {
    const body = { ...wholeAnswer({ stopReason: 'stop_sequence' }), additionalModelResponseFields };
    const { choices } = bedrockOutbound.decodeResponse(body, decodeContext());
    expect(choices[0]?.stopSequence).toBe(stopSequence);
    const frames = [
      eventFrame('messageStart', { role: 'assistant' }),
      eventFrame('messageStop', { stopReason: 'stop_sequence', additionalModelResponseFields }),
    ];
    const parts = decodeStream(frames, bedrockOutbound.streamDecoder(decodeContext()));
    expect(parts.at(-1)).toMatchObject({ kind: 'finish', stopSequence });
  });

  test("calls tools by the client's own names", () => {
    const tools = [{ name: 'fs.read', parameters: { type: 'object' } }];
    const target = candidate();
    const sent = bedrockOutbound.encode(request({ tools }), target).body.toolConfig as {
      readonly tools: readonly { readonly toolSpec: { readonly name: string } }[];
    };
    const toolUse = { toolUseId: 'c', name: sent.tools[0]?.toolSpec.name ?? '', input: {} };
    expect(toolUse.name).not.toBe('fs.read');
    const context = { target, request: request({ tools }) };
    const { choices } = bedrockOutbound.decodeResponse(wholeAnswer({ blocks: [{ toolUse }] }), context);
    expect(choices[0]?.content[0]).toMatchObject({ name: 'fs.read' });
    const parts = decodeStream(streamFrames({ blocks: [{ toolUse }] }), bedrockOutbound.streamDecoder(context));
    expect(parts[1]).toMatchObject({ content: { name: 'fs.read' } });
  });

  test.each([[{}], [{ output: {} }], [{ output: { message: { content: [] } } }]])('%j is unusable', (body) => {
    expect(() => bedrockOutbound.decodeResponse(body, decodeContext())).toThrow(
      expect.objectContaining({ code: 'upstream_invalid' }),
    );
  });
});

describe('a stream', () => {
  const frames = streamFrames({});
  const decode = (chunks: readonly Buffer[]) => () =>
    decodeStream(chunks, bedrockOutbound.streamDecoder(decodeContext()));

  test.each([
    ['throttlingException', 'upstream_rate_limited'],
    ['modelStreamErrorException', 'upstream_failed'],
    ['internalServerException', 'upstream_failed'],
    ['serviceUnavailableException', 'upstream_busy'],
    ['validationException', 'upstream_rejected'],
    ['somethingNewException', 'upstream_failed'],
  ])('that ends in %s is %s', (exception, code) => {
    expect(decode([...frames.slice(0, 2), exceptionFrame(exception, 'It went wrong.')])).toThrow(
      expect.objectContaining({ code, message: 'It went wrong.' }),
    );
  });

  test('that says nothing of why it ends names the exception', () => {
    expect(decode([exceptionFrame('oddException', '')])).toThrow('OddException');
  });

  test('without its last events is whole once it has finished', () => {
    expect(decode(frames.slice(0, -1))).not.toThrow();
    expect(decode([...frames.slice(0, -1), frames.at(-1)?.subarray(0, 20) ?? Buffer.alloc(0)])).not.toThrow();
    expect(decode(frames.slice(0, -2))).toThrow(expect.objectContaining({ code: 'upstream_invalid' }));
    expect(decode([])).toThrow(/before messageStop/);
  });

  test('that is no event stream is unusable', () => {
    expect(decode([Buffer.from('data: {"hello":"there"}\n\n')])).toThrow(
      expect.objectContaining({ code: 'upstream_invalid' }),
    );
  });

  test('may hold events that are yet to be invented', () => {
    const [first = Buffer.alloc(0), ...rest] = frames;
    expect(decode([first, eventFrame('newThing', { a: 1 }), ...rest])()).toEqual(decode(frames)());
  });
});
