import fc from 'fast-check';
import { expect, test } from 'vitest';
import type {
  CanonicalRequest,
  CanonicalResponse,
  ContentPart,
  Message,
  ReasoningPart,
  Tool,
} from '../../../../src/protocols/canonical.ts';
import { collectParts, responseParts } from '../../../../src/protocols/collect.ts';
import { present } from '../../../../src/protocols/fields.ts';
import { decodeRequest } from '../../../../src/protocols/gemini/client/decode-request.ts';
import { encodeResponse } from '../../../../src/protocols/gemini/client/encode-response.ts';
import { streamEncoder } from '../../../../src/protocols/gemini/client/encode-stream.ts';
import { decodeResponse } from '../../../../src/protocols/gemini/upstream/decode-response.ts';
import { streamDecoder } from '../../../../src/protocols/gemini/upstream/decode-stream.ts';
import { encodeRequest } from '../../../../src/protocols/gemini/upstream/encode-request.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';
import { answerContext, decodeContext, routeOf, targetOf, vertexSettings } from './samples.ts';

// Canonical → wire → canonical is the identity on what the wire can carry. The generators leave out what it cannot:
// empty texts, numbers that JSON has no words for, neighbours of one role, an effort that hides its thoughts.

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const name = fc.stringMatching(/^[a-z_][a-zA-Z0-9_.-]{0,20}$/);
const signature = fc.base64String({ minLength: 4, maxLength: 24 });
const seal = signature.map((value) => ({ protocol: 'generate_content', value }));
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const json = fc.dictionary(
  name,
  fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value))),
  { maxKeys: 3 },
);

const textPart: fc.Arbitrary<ContentPart> = text.map((value) => ({ kind: 'text', text: value }));
const image: fc.Arbitrary<ContentPart> = fc
  .oneof(
    fc.base64String().map((base64) => ({ kind: 'bytes', mediaType: 'image/png', base64 }) as const),
    fc.webUrl().map((url) => ({ kind: 'url', url, mediaType: 'image/webp' }) as const),
  )
  .map((source) => ({ kind: 'image', source }));
const reasoning: fc.Arbitrary<ReasoningPart> = fc
  .record({ text, seal: maybe(seal) })
  .map((fields) => present({ kind: 'reasoning', ...fields } as const));

type Call = Extract<ContentPart, { kind: 'tool-call' }>;
const calls = (ids: readonly string[]): fc.Arbitrary<readonly Call[]> =>
  fc.tuple(
    ...ids.map((id) =>
      fc
        .record({ name, args: json, seal: maybe(seal) })
        .map(({ name: called, args, seal: sealed }) =>
          present({ kind: 'tool-call', id, name: called, arguments: JSON.stringify(args), seal: sealed } as const),
        ),
    ),
  );

/** A step of an agent: thoughts, text, parallel calls and all their results. */
const step = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 3 }).chain((ids) =>
  fc
    .tuple(
      fc.array(reasoning, { maxLength: 1 }),
      fc.array(textPart, { maxLength: 1 }),
      calls(ids),
      fc.array(text, { minLength: ids.length, maxLength: ids.length }),
      fc.boolean(),
    )
    .map(([thoughts, said, called, outputs, isError]): readonly Message[] => [
      { role: 'assistant', content: [...thoughts, ...said, ...called] },
      ...called.map(({ id, name: asked }, i): Message => {
        const output: readonly ContentPart[] = [{ kind: 'text', text: outputs[i] ?? '' }];
        const result = {
          kind: 'tool-result',
          id,
          name: asked,
          content: output,
          ...(isError ? { isError } : {}),
        } as const;
        return { role: 'tool', content: [result] };
      }),
    ]),
);

const messages: fc.Arbitrary<readonly Message[]> = fc
  .record({
    system: maybe(text),
    question: fc.array(fc.oneof(textPart, image), { minLength: 1, maxLength: 3 }),
    steps: fc.array(step, { maxLength: 3 }),
    answer: fc.array(textPart, { minLength: 1, maxLength: 1 }),
  })
  .map(({ system, question, steps, answer }) => [
    ...(system === undefined ? [] : [{ role: 'system', content: [{ kind: 'text', text: system }] } as const]),
    { role: 'user', content: question },
    ...steps.flat(),
    { role: 'assistant', content: answer },
  ]);

const tool: fc.Arbitrary<Tool> = fc
  .record({ name, description: maybe(text), parameters: json.map((properties) => ({ type: 'object', properties })) })
  .map(present);

const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -2, max: 2 }).map((value) => value + 0);
const settings = fc
  .record({
    maxTokens: maybe(fc.nat()),
    temperature: maybe(finite),
    topP: maybe(finite),
    topK: maybe(fc.nat()),
    frequencyPenalty: maybe(finite),
    presencePenalty: maybe(finite),
    seed: maybe(fc.integer()),
    stop: maybe(fc.array(text, { minLength: 1, maxLength: 5 })),
    n: maybe(fc.integer({ min: 1, max: 8 })),
    logprobs: maybe(fc.boolean()),
    topLogprobs: maybe(fc.nat(20)),
    metadata: maybe(
      fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_-]{0,9}$/), fc.stringMatching(/^[a-z0-9_-]{0,9}$/), {
        minKeys: 1,
        maxKeys: 3,
      }),
    ),
    serviceTier: maybe(fc.constantFrom('flex', 'priority')),
    reasoning: maybe(
      fc.oneof(
        fc.constantFrom('minimal', 'low', 'medium', 'high').map((effort) => ({ effort, summary: 'auto' }) as const),
        fc.integer({ min: 1, max: 9999 }).map((budgetTokens) => ({ budgetTokens, summary: 'auto' })),
      ),
    ),
    output: maybe(
      fc.oneof(
        fc.constant({ kind: 'json' } as const),
        json.map(
          (properties) => ({ kind: 'json-schema', name: 'response', schema: { type: 'object', properties } }) as const,
        ),
      ),
    ),
  })
  .map((fields): Partial<CanonicalRequest> => present(fields));

test('requests', () => {
  const target = targetOf('gemini-3-flash-preview', vertexSettings);
  fc.assert(
    fc.property(messages, fc.array(tool, { maxLength: 2 }), settings, (history, tools, more) => {
      const request: CanonicalRequest = {
        model: 'm',
        messages: history,
        tools,
        ...more,
        stream: false,
        includeUsage: true,
      };
      const { body, drops } = encodeRequest(request, target);
      const wire: JsonObject = JSON.parse(JSON.stringify(body));
      const decoded = decodeRequest(wire, routeOf('m:generateContent'));
      expect(decoded.request).toEqual(request);
      expect([...drops, ...decoded.drops]).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

/** Reasoning never stands beside reasoning, nor text beside text: a stream has no border between them. */
const content = fc
  .record({
    thought: maybe(reasoning),
    said: maybe(textPart),
    bare: maybe(seal),
    called: fc.uniqueArray(fc.uuid(), { maxLength: 3 }).chain(calls),
  })
  .map(({ thought, said, bare, called }): readonly ContentPart[] => [
    ...(thought === undefined ? [] : [thought]),
    ...(said === undefined ? [] : [said]),
    ...(bare === undefined || said === undefined ? [] : [{ kind: 'reasoning', text: '', seal: bare } as const]),
    ...called,
  ])
  .filter((parts) => parts.length > 0);

const logprob = fc.record({ token: text, logprob: finite });
const usage = fc
  .record({
    input: fc.nat(9999),
    output: fc.integer({ min: 100, max: 9999 }),
    cachedInput: maybe(fc.nat(99)),
    reasoning: maybe(fc.nat(99)),
    audioInput: maybe(fc.nat(99)),
  })
  .map(present);

const response: fc.Arbitrary<CanonicalResponse> = fc
  .record({
    id: fc.uuid(),
    model: name,
    contents: fc.array(content, { minLength: 1, maxLength: 3 }),
    reason: fc.constantFrom('stop', 'length', 'content-filter', 'other'),
    logprobs: maybe(
      fc.array(fc.record({ token: text, logprob: finite, top: fc.array(logprob, { maxLength: 2 }) }), {
        minLength: 1,
        maxLength: 3,
      }),
    ),
    usage: maybe(usage),
  })
  .map(({ contents, reason, logprobs, ...fields }) =>
    present({
      ...fields,
      created: 0,
      choices: contents.map((parts, index) => {
        const hasCalls = parts.some((part) => part.kind === 'tool-call');
        return present({
          index,
          content: parts,
          finishReason: hasCalls && reason === 'stop' ? 'tool-calls' : reason,
          logprobs,
        } as const);
      }),
    }),
  );

/** The raw word is the wire's own; no canonical answer has it before. */
function withoutRaw(answer: CanonicalResponse): CanonicalResponse {
  return { ...answer, choices: answer.choices.map((choice) => ({ ...choice, rawFinishReason: undefined })) };
}

test('answers', () => {
  fc.assert(
    fc.property(response, (answer) => {
      const wire: JsonObject = JSON.parse(JSON.stringify(encodeResponse(answer, answerContext)));
      expect(withoutRaw(decodeResponse(wire, decodeContext()))).toEqual(answer);
    }),
    { numRuns: 300 },
  );
});

test('streams, fed in pieces of any size', () => {
  fc.assert(
    fc.property(response, fc.integer({ min: 1, max: 97 }), (answer, size) => {
      const encoder = streamEncoder(answerContext, 'sse');
      const bytes = Buffer.from(
        responseParts(answer)
          .map((part) => encoder.encode(part))
          .join('') + encoder.end(),
      );
      const decoder = streamDecoder(decodeContext());
      const parts = [];
      for (let at = 0; at < bytes.length; at += size) parts.push(...decoder.push(bytes.subarray(at, at + size)));
      expect(withoutRaw(collectParts([...parts, ...decoder.end()]))).toEqual(answer);
    }),
    { numRuns: 200 },
  );
});
