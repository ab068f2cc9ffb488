import fc from 'fast-check';
import { expect, it } from 'vitest';
import { inbound as messagesInbound } from '../../../../src/protocols/anthropic-messages/inbound.ts';
import { outbound as messagesOutbound } from '../../../../src/protocols/anthropic-messages/outbound.ts';
import type {
  CanonicalRequest,
  CanonicalResponse,
  ContentPart,
  Message,
  Part,
} from '../../../../src/protocols/canonical.ts';
import { collectParts, responseParts } from '../../../../src/protocols/collect.ts';
import { answerContext, candidate, decodeContext, message, request, route } from './samples.ts';

const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).map((text) => `w${text}w`);
const cache = fc.constantFrom(undefined, {}, { ttl: '1h' });
const text = fc.record({ kind: fc.constant('text' as const), text: words, cache });
const json = fc.dictionary(words, fc.oneof(words, fc.integer(), fc.boolean())).map((value) => JSON.stringify(value));
const base64 = fc.uint8Array({ minLength: 1, maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('base64'));

const bytes = base64.map((data) => ({ kind: 'bytes' as const, mediaType: 'image/png', base64: data }));
const link = words.map((path) => ({ kind: 'url' as const, url: `https://x.test/${encodeURIComponent(path)}` }));
const image = fc.record({ kind: fc.constant('image' as const), source: fc.oneof(bytes, link) });
const pdf = base64.map((data) => ({ kind: 'bytes' as const, mediaType: 'application/pdf', base64: data }));
const plain = words.map((data) => ({ kind: 'text' as const, text: data, mediaType: 'text/plain' }));
const document = fc.record({ kind: fc.constant('document' as const), name: words, source: fc.oneof(pdf, plain) });

const seal = words.map((value) => ({ protocol: 'messages', value }));
const thinking = fc.record({ kind: fc.constant('reasoning' as const), text: words, seal });
const redacted = seal.map(
  (whole): ContentPart => ({ kind: 'reasoning', text: '', seal: { ...whole, isRedacted: true } }),
);
const answerParts = fc.array(
  fc.oneof(
    text.map(({ cache: _, ...part }) => part),
    thinking,
    redacted,
  ),
  { minLength: 1, maxLength: 4 },
);

const user = fc
  .array(fc.oneof(text, image, document), { minLength: 1, maxLength: 3 })
  .map((parts) => message('user', ...parts));

/** A turn in which the model calls tools and all results come back. */
const toolTurn = fc
  .array(fc.record({ arguments: json, answer: words, isError: fc.constantFrom(true, undefined) }), {
    minLength: 1,
    maxLength: 3,
  })
  .map((calls): readonly Message[] => [
    message(
      'assistant',
      ...calls.map(
        (call, i): ContentPart => ({ kind: 'tool-call', id: `c${i}`, name: `t${i}`, arguments: call.arguments }),
      ),
    ),
    ...calls.map((call, i) =>
      message('tool', {
        kind: 'tool-result',
        id: `c${i}`,
        name: `t${i}`,
        content: [{ kind: 'text', text: call.answer }],
        isError: call.isError,
      }),
    ),
  ]);

const assistant = answerParts.map((parts): readonly Message[] => [message('assistant', ...parts)]);
const exchange = fc.tuple(fc.oneof(assistant, toolTurn), user).map(([turn, next]) => [...turn, next]);

const requests: fc.Arbitrary<CanonicalRequest> = fc.record({
  model: fc.constant('claude-3-opus'),
  messages: fc
    .tuple(fc.array(words, { maxLength: 2 }), user, fc.array(exchange, { maxLength: 3 }))
    .map(([system, first, rest]) => [
      ...(system.length > 0 ? [message('system', ...system)] : []),
      first,
      ...rest.flat(),
    ]),
  tools: fc.constantFrom([], [{ name: 't0', description: 'd', parameters: { type: 'object', properties: {} } }]),
  parallelToolCalls: fc.constant(undefined),
  maxTokens: fc.integer({ min: 1, max: 4096 }),
  temperature: fc.constantFrom(undefined, 0, 0.5, 1),
  topP: fc.constantFrom(undefined, 0.9),
  topK: fc.constantFrom(undefined, 40),
  stop: fc.constantFrom(undefined, ['END']),
  user: fc.constantFrom(undefined, 'u'),
  serviceTier: fc.constantFrom(undefined, 'auto', 'default'),
  stream: fc.boolean(),
  includeUsage: fc.constant(true),
});

/** Only the first four cache marks survive, by the API's rule. */
function markCount(whole: CanonicalRequest): number {
  return JSON.stringify(whole).match(/"cache":/g)?.length ?? 0;
}

it('a request survives the wire', () => {
  fc.assert(
    fc.property(requests, (whole) => {
      fc.pre(markCount(whole) <= 4);
      const encoded = messagesOutbound.encode(whole, candidate('claude-3-opus'));
      expect(encoded.drops).toEqual([]);
      const decoded = messagesInbound.decode(JSON.parse(JSON.stringify(encoded.body)), route);
      expect(decoded).toEqual({ request: whole, drops: [] });
    }),
    { numRuns: 150 },
  );
});

const calls = fc
  .array(json, { maxLength: 2 })
  .map((list) =>
    list.map((args, i): ContentPart => ({ kind: 'tool-call', id: `c${i}`, name: `t${i}`, arguments: args })),
  );
const endings = fc.constantFrom(
  { finishReason: 'stop' as const, rawFinishReason: 'end_turn' },
  { finishReason: 'length' as const, rawFinishReason: 'max_tokens' },
  { finishReason: 'length' as const, rawFinishReason: 'model_context_window_exceeded' },
  { finishReason: 'pause' as const, rawFinishReason: 'pause_turn' },
  { finishReason: 'stop' as const, rawFinishReason: 'stop_sequence', stopSequence: 'END' },
);

const responses: fc.Arbitrary<CanonicalResponse> = fc
  .tuple(answerParts, calls, endings, fc.nat(1000), fc.nat(1000), fc.nat(1000))
  .map(([parts, called, ending, fresh, cachedInput, cacheWrite]) => ({
    id: 'msg_1',
    model: 'm',
    created: 0,
    choices: [{ index: 0, content: [...parts, ...called], ...ending }],
    usage: { input: fresh + cachedInput + cacheWrite, output: 5, cachedInput, cacheWrite, reasoning: 2 },
  }));

it('an answer survives the wire', () => {
  fc.assert(
    fc.property(responses, (whole) => {
      const body = JSON.parse(JSON.stringify(messagesInbound.encodeResponse(whole, answerContext)));
      expect(messagesOutbound.decodeResponse(body, decodeContext())).toEqual(whole);
    }),
    { numRuns: 150 },
  );
});

it('a stream survives the wire, split anywhere', () => {
  fc.assert(
    fc.property(responses, fc.integer({ min: 1, max: 60 }), (whole, size) => {
      const encoder = messagesInbound.streamEncoder(answerContext, 'sse');
      const events = responseParts(whole).map((part) => encoder.encode(part));
      const stream = Buffer.from(events.join('') + encoder.end());
      const decoder = messagesOutbound.streamDecoder(decodeContext());
      const decoded: Part[] = [];
      for (let at = 0; at < stream.length; at += size) decoded.push(...decoder.push(stream.subarray(at, at + size)));
      decoded.push(...decoder.end());
      expect(collectParts(decoded)).toEqual(whole);
    }),
    { numRuns: 150 },
  );
});

it('a request as an agent sends it is unchanged by a second round', () => {
  const whole = request({
    messages: [message('user', 'a'), message('system', 'rule'), message('assistant', 'b'), message('user', 'c')],
  });
  const encoded = messagesOutbound.encode({ ...whole, maxTokens: 5 }, candidate('claude-opus-4-8'));
  expect(messagesInbound.decode(encoded.body, route).request.messages).toEqual(whole.messages);
});
