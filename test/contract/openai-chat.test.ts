import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ContentPart } from '../../src/protocols/canonical.ts';
import { inbound as chatInbound } from '../../src/protocols/openai-chat/inbound.ts';
import { outbound as chatOutbound } from '../../src/protocols/openai-chat/outbound.ts';
import { ThinkTagSplitter } from '../../src/protocols/think-tags.ts';
import { answerContext, candidate, localModel, request, route } from '../unit/protocols/openai-chat/samples.ts';
import {
  base64,
  checkBytewise,
  checkRequests,
  checkResponses,
  checkStreams,
  imagePart,
  imageUrlPart,
  type RequestLimits,
  type ResponseLimits,
  reasoningPart,
  type StreamCodec,
  text,
  textPart,
} from './codec.ts';

const target = candidate({
  quirks: { reasoningField: 'reasoning_details', cacheMarks: true, tokenLimitField: 'max_completion_tokens' },
});

const sealedReasoning: fc.Arbitrary<ContentPart> = fc
  .record({
    text,
    protocol: fc.constantFrom('messages', 'responses', 'generate_content', 'converse'),
    value: base64,
  })
  .map(({ text: thought, protocol, value }) => ({ kind: 'reasoning', text: thought, seal: { protocol, value } }));

const redactedReasoning: fc.Arbitrary<ContentPart> = base64.map((value) => ({
  kind: 'reasoning',
  text: '',
  seal: { protocol: 'messages', value, isRedacted: true },
}));

const markedText: fc.Arbitrary<ContentPart> = text.map((value) => ({
  kind: 'text',
  text: value,
  cache: { ttl: '1h' },
}));

const audio: fc.Arbitrary<ContentPart> = base64.map((value) => ({
  kind: 'audio',
  source: { kind: 'bytes', mediaType: 'audio/wav', base64: value },
  format: 'wav',
}));

const pdf: fc.Arbitrary<ContentPart> = base64.map((value) => ({
  kind: 'document',
  source: { kind: 'bytes', mediaType: 'application/pdf', base64: value },
  name: 'report.pdf',
}));

const requestLimits: RequestLimits = {
  instructions: ['system', 'developer'],
  user: [textPart, markedText, imagePart, imageUrlPart, audio, pdf],
  reasoning: fc.oneof(reasoningPart, sealedReasoning, redactedReasoning),
  parameters: [
    'maxTokens',
    'temperature',
    'topP',
    'topK',
    'minP',
    'frequencyPenalty',
    'presencePenalty',
    'seed',
    'stop',
    'n',
    'logprobs',
    'topLogprobs',
    'logitBias',
    'reasoning',
    'user',
    'parallelToolCalls',
    'output',
  ],
};

const responseLimits: ResponseLimits = {
  finishReasons: ['stop', 'length', 'content-filter'],
  reasoning: fc.oneof(reasoningPart, sealedReasoning, redactedReasoning),
  choices: 3,
  hasLogprobs: true,
  hasRefusals: true,
  usage: ['input', 'output', 'cachedInput', 'cacheWrite', 'reasoning', 'audioInput', 'audioOutput'],
};

const codec: StreamCodec = {
  encoder: () => chatInbound.streamEncoder(answerContext(), 'sse'),
  decoder: () => chatOutbound.streamDecoder({ target, request: request() }),
};

describe('chat completions carry', () => {
  test('requests there and back', () => {
    checkRequests(requestLimits, (sent) => {
      const encoded = chatOutbound.encode(sent, target);
      expect(encoded.drops).toEqual([]);
      const decoded = chatInbound.decode(JSON.parse(JSON.stringify(encoded.body)), route);
      expect(decoded.drops).toEqual([]);
      return decoded.request;
    });
  });

  test('answers there and back', () => {
    checkResponses(responseLimits, (sent) => {
      const body = JSON.parse(JSON.stringify(chatInbound.encodeResponse(sent, answerContext())));
      return chatOutbound.decodeResponse(body, { target, request: request() });
    });
  });

  test('streams there and back, wherever they are cut', () => {
    checkStreams(responseLimits, codec);
  });

  test('streams byte by byte', () => {
    checkBytewise(responseLimits, codec);
  });
});

describe('think tags', () => {
  const joined = (runs: readonly { kind: string; text: string }[], kind: string) =>
    runs
      .filter((run) => run.kind === kind)
      .map((run) => run.text)
      .join('');

  test('split the same however the text comes in pieces', () => {
    const piece = fc.constantFrom('<think>', '</think>', '<', 'thi', 'nk>', '</', ' ', '\n', 'a', 'word ', '本');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const whole = new ThinkTagSplitter();
        const atOnce = [...whole.push(pieces.join('')), ...whole.end()];
        const splitter = new ThinkTagSplitter();
        const inPieces = [...pieces.flatMap((part) => splitter.push(part)), ...splitter.end()];
        for (const kind of ['text', 'reasoning']) expect(joined(inPieces, kind)).toBe(joined(atOnce, kind));
      }),
      { numRuns: 1000 },
    );
  });

  test('lose no text of an answer without them', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 6 }), (pieces) => {
        fc.pre(!pieces.join('').trimStart().startsWith('<think>'));
        const splitter = new ThinkTagSplitter();
        const runs = [...pieces.flatMap((part) => splitter.push(part)), ...splitter.end()];
        expect(joined(runs, 'text')).toBe(pieces.join(''));
      }),
    );
  });

  test('are split for local models only', () => {
    const body = { choices: [{ message: { content: '<think>\nhm\n</think>\n\nYes' }, finish_reason: 'stop' }] };
    const local = candidate({ model: localModel });
    const decode = (at: typeof local) => chatOutbound.decodeResponse(body, { target: at, request: request() });
    expect(decode(local).choices[0]?.content).toEqual([
      { kind: 'reasoning', text: 'hm' },
      { kind: 'text', text: 'Yes' },
    ]);
    expect(decode(target).choices[0]?.content).toEqual([{ kind: 'text', text: '<think>\nhm\n</think>\n\nYes' }]);
  });
});
