import fc from 'fast-check';
import { expect, test } from 'vitest';
import type {
  CanonicalRequest,
  CanonicalResponse,
  ContentPart,
  Message,
  Tool,
} from '../../../../src/protocols/canonical.ts';
import { collectParts, responseParts } from '../../../../src/protocols/collect.ts';
import { inbound as responsesInbound } from '../../../../src/protocols/openai-responses/inbound.ts';
import { outbound as responsesOutbound } from '../../../../src/protocols/openai-responses/outbound.ts';
import { answerContext, cutAt, decodeStream, request, route, target } from './samples.ts';

const words = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' });
const name = fc.stringMatching(/^[a-z][a-z_]{0,10}$/);
const base64 = fc.base64String({ minLength: 4, maxLength: 16 });
const text = words.map((value): ContentPart => ({ kind: 'text', text: value }));
const image = fc.oneof(
  base64.map(
    (value): ContentPart => ({
      kind: 'image',
      source: { kind: 'bytes', mediaType: 'image/png', base64: value },
      detail: 'auto',
    }),
  ),
  fc.webUrl().map((url): ContentPart => ({ kind: 'image', source: { kind: 'url', url }, detail: 'high' })),
  name.map((id): ContentPart => ({ kind: 'image', source: { kind: 'file', id }, detail: 'low' })),
);
const document = base64.map(
  (value): ContentPart => ({
    kind: 'document',
    source: { kind: 'bytes', mediaType: 'application/pdf', base64: value },
    name: 'a.pdf',
  }),
);
const audio = base64.map(
  (value): ContentPart => ({
    kind: 'audio',
    source: { kind: 'bytes', mediaType: 'audio/wav', base64: value },
    format: 'wav',
  }),
);

const reasoning = fc.record({ value: base64, text: fc.oneof(words, fc.constant('')) }).map(
  ({ value, text: summary }): ContentPart => ({
    kind: 'reasoning',
    text: summary,
    ...(summary !== '' && { isSummary: true }),
    seal: { protocol: 'responses', value },
    id: 'rs_1',
  }),
);
const refusal = words.map((value): ContentPart => ({ kind: 'refusal', text: value }));
const call = fc.record({ id: name, name, value: words }).map(
  ({ id, name: called, value }): ContentPart => ({
    kind: 'tool-call',
    id,
    name: called,
    arguments: JSON.stringify({ value }),
  }),
);
const said = fc.array(fc.oneof(text, reasoning, refusal, call), { minLength: 1, maxLength: 5 });

const result = (id: string, called: string) =>
  fc
    .array(fc.oneof(text, image), { maxLength: 3 })
    .map((content): ContentPart => ({ kind: 'tool-result', id, name: called, content }));

/** A turn of the model, with the results of its calls. */
const turn = said.chain((content): fc.Arbitrary<readonly Message[]> => {
  const names = new Map(content.flatMap((part) => (part.kind === 'tool-call' ? [[part.id, part.name]] : [])));
  const assistant: Message = { role: 'assistant', content };
  if (names.size === 0) return fc.constant([assistant]);
  return fc
    .tuple(...[...names].map(([id, called]) => result(id, called)))
    .map((results) => [assistant, { role: 'tool', content: results }]);
});

const asked = fc.record({
  role: fc.constantFrom('user' as const, 'developer' as const),
  content: fc.array(fc.oneof(text, image, document, audio), { minLength: 1, maxLength: 3 }),
});
const conversation = fc
  .array(fc.tuple(asked, turn), { minLength: 1, maxLength: 3 })
  .map((turns): readonly Message[] => turns.flatMap(([user, model]) => [user, ...model]));

const tool: fc.Arbitrary<Tool> = fc.record(
  {
    name,
    description: words,
    parameters: fc.constant({ type: 'object', properties: { value: { type: 'string' } } }),
    strict: fc.boolean(),
  },
  { requiredKeys: ['name', 'parameters', 'strict'] },
);

const settings = fc.record(
  {
    maxTokens: fc.integer({ min: 16, max: 1_000_000 }),
    temperature: fc.double({ min: 0, max: 2, noNaN: true }).map((value) => value + 0),
    topP: fc.constantFrom(0, 0.5, 1),
    parallelToolCalls: fc.boolean(),
    user: words,
    metadata: fc.constant({ a: 'b' }),
    serviceTier: fc.constant('flex'),
    logprobs: fc.constant(true),
    reasoning: fc.constantFrom<CanonicalRequest['reasoning']>(
      { effort: 'high' },
      { effort: 'none' },
      { summary: 'auto' },
    ),
    output: fc.constantFrom<CanonicalRequest['output']>(
      { kind: 'text' },
      { kind: 'json' },
      { kind: 'json-schema', name: 'n', schema: { type: 'object' }, strict: true },
    ),
    toolChoice: fc.constantFrom<CanonicalRequest['toolChoice']>(
      { kind: 'auto' },
      { kind: 'required' },
      { kind: 'tool', name: 'f' },
      { kind: 'allowed', names: ['f', 'g'], isRequired: false },
    ),
  },
  { requiredKeys: [] },
);

/** As JSON has it: without what is undefined. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** Neighbouring results of one id collapse on the wire, and the sampled ids repeat; keep the first call of each. */
function distinctCalls(messages: readonly Message[]): boolean {
  const ids = messages.flatMap(({ content }) => content.flatMap((part) => (part.kind === 'tool-call' ? part.id : [])));
  return new Set(ids).size === ids.length;
}

test('a request says the same after the wire', () => {
  const sampled = fc.record({
    messages: conversation,
    tools: fc.array(tool, { minLength: 1, maxLength: 2 }),
    settings,
  });
  fc.assert(
    fc.property(sampled, ({ messages, tools, settings: set }) => {
      fc.pre(distinctCalls(messages));
      const sent = request({ ...set, messages, tools });
      const { body, drops } = responsesOutbound.encode(sent, target());
      const { echo: _, ...back } = responsesInbound.decode(JSON.parse(JSON.stringify(body)), route).request;
      expect(drops).toEqual([]);
      expect(plain(back)).toEqual(plain({ ...sent, model: 'gpt-5.1' }));
    }),
    { numRuns: 150 },
  );
});

const response = fc
  .record({ content: said, isCut: fc.boolean(), input: fc.nat(), output: fc.nat(), cachedInput: fc.nat() })
  .map(({ content, isCut, input, output, cachedInput }): CanonicalResponse => {
    const kinds = new Set(content.map((part) => part.kind));
    const ended = kinds.has('tool-call') ? 'tool-calls' : kinds.has('refusal') ? 'refusal' : 'stop';
    return {
      id: 'resp_01JXYZ',
      model: 'm',
      created: 1_763_600_000,
      choices: [
        {
          index: 0,
          content,
          finishReason: isCut ? 'length' : ended,
          rawFinishReason: isCut ? 'max_output_tokens' : 'completed',
        },
      ],
      usage: { input, output, cachedInput, cacheWrite: 0, reasoning: 0 },
    };
  });

/** Two items of reasoning with one id are one item on the wire. */
function distinctReasoning({ choices }: CanonicalResponse): boolean {
  return (choices[0]?.content ?? []).filter((part) => part.kind === 'reasoning').length < 2;
}

test('a complete answer says the same after the wire', () => {
  fc.assert(
    fc.property(response, (given) => {
      const body = JSON.parse(JSON.stringify(responsesInbound.encodeResponse(given, answerContext())));
      const back = responsesOutbound.decodeResponse(body, { target: target(), request: request() });
      expect(plain(back)).toEqual(plain(given));
    }),
    { numRuns: 150 },
  );
});

test('a stream says the same after the wire, however it is cut', () => {
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 });
  fc.assert(
    fc.property(response.filter(distinctReasoning), cuts, (given, fractions) => {
      const encoder = responsesInbound.streamEncoder(answerContext(), 'sse');
      const bytes =
        responseParts(given)
          .map((part) => encoder.encode(part))
          .join('') + encoder.end();
      const back = collectParts(decodeStream(cutAt(Buffer.from(bytes), fractions)));
      expect(plain(back)).toEqual(plain(given));
    }),
    { numRuns: 150 },
  );
});
