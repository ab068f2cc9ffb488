import fc from 'fast-check';
import { expect } from 'vitest';
import type { Usage } from '../../src/core/model.ts';
import type {
  CanonicalRequest,
  CanonicalResponse,
  Choice,
  ContentPart,
  FinishReason,
  Message,
  Part,
  Role,
  TokenLogprob,
  Tool,
} from '../../src/protocols/canonical.ts';
import { collectParts, responseParts } from '../../src/protocols/collect.ts';
import type { StreamDecoder, StreamEncoder } from '../../src/protocols/protocol.ts';

/*
 * Properties that every codec has: canonical → wire → canonical is the identity on what the wire can carry, and a
 * stream decodes the same wherever its bytes are cut. A protocol says what its wire can carry by its limits.
 */

/** Texts that look like framing, tags and ends, among ordinary ones in all scripts. Never empty. */
export const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 24 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'data: [DONE]\n\n',
      '\r\n\r\nevent: error\r\ndata: {"error":{"message":"no"}}\n\n',
      '"finish_reason":"stop"',
      'a <think>quoted</think> tag',
      '{"done":true}\n',
      '👩‍👩‍👧‍👦 Жук 本 \u2028 \u0000',
    ),
  },
);

export const base64: fc.Arbitrary<string> = fc
  .uint8Array({ minLength: 1, maxLength: 12 })
  .map((bytes) => Buffer.from(bytes).toString('base64'));

const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,11}$/);
const number = fc.double({ min: 0, max: 2, noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const count = fc.integer({ min: 1, max: 100_000 });

const jsonObject: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc.dictionary(
  word,
  fc.oneof(text, fc.integer(), fc.boolean(), fc.array(fc.integer(), { maxLength: 3 })),
  { maxKeys: 4 },
);

export const textPart: fc.Arbitrary<ContentPart> = text.map((value) => ({ kind: 'text', text: value }));

export const imagePart: fc.Arbitrary<ContentPart> = fc
  .record({ mediaType: fc.constantFrom('image/png', 'image/jpeg'), base64 })
  .map((bytes) => ({ kind: 'image', source: { kind: 'bytes', ...bytes } }));

export const imageUrlPart: fc.Arbitrary<ContentPart> = word.map((name) => ({
  kind: 'image',
  source: { kind: 'url', url: `https://images.example/${name}.png` },
}));

export const reasoningPart: fc.Arbitrary<ContentPart> = text.map((value) => ({ kind: 'reasoning', text: value }));

const schema = jsonObject.map((properties) => ({ type: 'object', properties }));

const tool: fc.Arbitrary<Tool> = fc.record(
  { name: word, description: text, parameters: schema },
  {
    requiredKeys: ['name', 'parameters'],
  },
);

/** Fields of a request that some wires have and others lack. */
const parameters = {
  maxTokens: count,
  temperature: number,
  topP: number,
  topK: count,
  minP: number,
  frequencyPenalty: number,
  presencePenalty: number,
  seed: fc.integer(),
  stop: fc.array(text, { minLength: 1, maxLength: 3 }),
  n: fc.integer({ min: 1, max: 4 }),
  logprobs: fc.constant(true),
  topLogprobs: fc.integer({ min: 0, max: 5 }),
  logitBias: fc.dictionary(fc.stringMatching(/^\d{1,4}$/), fc.integer({ min: -100, max: 100 }), {
    minKeys: 1,
    maxKeys: 3,
  }),
  reasoning: fc.constantFrom('low', 'medium', 'high').map((effort) => ({ effort })),
  user: word,
  parallelToolCalls: fc.boolean(),
  output: fc.oneof(
    fc.constant({ kind: 'json' as const }),
    fc.record({ kind: fc.constant('json-schema' as const), name: word, schema }),
  ),
} satisfies Partial<Record<keyof CanonicalRequest, fc.Arbitrary<unknown>>>;

export type ParameterName = keyof typeof parameters;

export interface RequestLimits {
  /** Roles of instructions that the wire keeps in place. */
  readonly instructions: readonly Role[];
  /** Kinds of parts of user messages. */
  readonly user: readonly fc.Arbitrary<ContentPart>[];
  /** Reasoning at the head of an assistant message; none when the wire carries none. */
  readonly reasoning?: fc.Arbitrary<ContentPart> | undefined;
  readonly parameters: readonly ParameterName[];
  /** Most text parts in a row; 1 for wires that join them. */
  readonly texts?: number | undefined;
}

/** Requests within a wire's limits: instructions anywhere, turns of user and assistant, calls with their results. */
export function requests(limits: RequestLimits): fc.Arbitrary<CanonicalRequest> {
  const chosen = Object.fromEntries(limits.parameters.map((name) => [name, parameters[name]]));
  return fc
    .record({
      turns: fc.array(turn(limits), { minLength: 1, maxLength: 4 }),
      tools: fc.uniqueArray(tool, { minLength: 1, maxLength: 3, selector: ({ name }) => name }),
      chosen: fc.record(chosen, { requiredKeys: [] }),
      stream: fc.boolean(),
    })
    .map(({ turns, tools, chosen: fields, stream }) => ({
      model: 'sample',
      messages: numberCalls(turns.flat()),
      tools,
      ...fields,
      stream,
      includeUsage: stream,
    }));
}

function turn(limits: RequestLimits): fc.Arbitrary<readonly Message[]> {
  const texts = fc.array(textPart, { minLength: 1, maxLength: limits.texts ?? 2 });
  const users = fc.array(fc.oneof(...limits.user), { minLength: 1, maxLength: limits.texts ?? 3 });
  const instruction = fc
    .record({ role: fc.constantFrom(...limits.instructions), content: texts })
    .map((message) => [message]);
  return fc.oneof(
    instruction,
    users.map((content) => [{ role: 'user' as const, content }]),
    assistantTurn(limits, texts),
  );
}

/** Call ids are given later, when the place in the conversation makes them unique. */
function assistantTurn(
  limits: RequestLimits,
  texts: fc.Arbitrary<readonly ContentPart[]>,
): fc.Arbitrary<readonly Message[]> {
  const { reasoning } = limits;
  const thoughts = reasoning === undefined ? fc.constant([]) : fc.array(reasoning, { maxLength: 1 });
  const calls = fc.array(fc.record({ name: word, input: jsonObject, output: text }), { maxLength: 3 });
  return fc.record({ thoughts, texts, calls, hasText: fc.boolean() }).map((made) => {
    const said = made.hasText || made.calls.length === 0 ? made.texts : [];
    const asked = made.calls.map(({ name, input }, i) => ({
      kind: 'tool-call' as const,
      id: `${i}`,
      name,
      arguments: JSON.stringify(input),
    }));
    const results = made.calls.map(({ name, output }, i): Message => {
      const content: readonly ContentPart[] = [{ kind: 'text', text: output }];
      return { role: 'tool', content: [{ kind: 'tool-result', id: `${i}`, name, content }] };
    });
    return [{ role: 'assistant' as const, content: [...made.thoughts, ...said, ...asked] }, ...results];
  });
}

function numberCalls(messages: readonly Message[]): readonly Message[] {
  let turnNumber = 0;
  return messages.map((message) => {
    if (message.role === 'assistant') turnNumber += 1;
    const content = message.content.map((part) =>
      part.kind === 'tool-call' || part.kind === 'tool-result'
        ? { ...part, id: `call_${turnNumber}_${part.id}` }
        : part,
    );
    return { ...message, content };
  });
}

export interface ResponseLimits {
  /** Finish reasons of answers without tool calls that survive the way there and back. */
  readonly finishReasons: readonly FinishReason[];
  /** Reasoning at the head; none when the wire carries none. */
  readonly reasoning?: fc.Arbitrary<ContentPart> | undefined;
  /** Most answers in one; 1 for wires without `n`. */
  readonly choices: number;
  readonly hasLogprobs?: boolean | undefined;
  readonly hasRefusals?: boolean | undefined;
  readonly usage: readonly (keyof Usage)[];
  /** False for wires without tool calls. */
  readonly hasCalls?: boolean | undefined;
  /** False for wires that do not say when the answer was made. */
  readonly hasCreated?: boolean | undefined;
}

/** Answers within a wire's limits. */
export function responses(limits: ResponseLimits): fc.Arbitrary<CanonicalResponse> {
  const tokens = fc.integer({ min: 0, max: 100_000 });
  const usage = fc.record(Object.fromEntries(limits.usage.map((field) => [field, tokens])));
  return fc
    .record({
      id: word,
      model: word,
      created: limits.hasCreated === false ? fc.constant(0) : count,
      choices: fc.array(choice(limits), { minLength: 1, maxLength: limits.choices }),
      usage: usage.map((counts) => ({ input: 0, output: 0, ...counts })),
    })
    .map((response) => ({ ...response, choices: response.choices.map((made, index) => ({ ...made, index })) }));
}

const tokenLogprob: fc.Arbitrary<TokenLogprob> = fc
  .record({ token: word, logprob: fc.integer({ min: -20, max: -1 }) })
  .map((token) => ({
    ...token,
    bytes: [...Buffer.from(token.token)],
    top: [{ token: 'x', logprob: -1, bytes: [120] }],
  }));

function choice(limits: ResponseLimits): fc.Arbitrary<Choice> {
  const { reasoning } = limits;
  const calls = fc.array(fc.record({ name: word, input: jsonObject }), {
    maxLength: limits.hasCalls === false ? 0 : 3,
  });
  return fc
    .record({
      thoughts: reasoning === undefined ? fc.constant([]) : fc.array(reasoning, { maxLength: 1 }),
      texts: fc.array(textPart, { maxLength: 1 }),
      refusals: fc.array(text, { maxLength: limits.hasRefusals === true ? 1 : 0 }),
      calls,
      reason: fc.constantFrom(...limits.finishReasons),
      logprobs: fc.array(tokenLogprob, { minLength: 1, maxLength: 3 }),
      isLogged: fc.boolean(),
    })
    .map((made) => ({
      index: 0,
      content: [
        ...made.thoughts,
        ...made.texts,
        ...made.refusals.map((refusal) => ({ kind: 'refusal' as const, text: refusal })),
        ...made.calls.map(({ name, input }, i) => ({
          kind: 'tool-call' as const,
          id: `call_${i}`,
          name,
          arguments: JSON.stringify(input),
        })),
      ],
      finishReason: made.calls.length > 0 ? 'tool-calls' : made.reason,
      logprobs: limits.hasLogprobs === true && made.isLogged ? made.logprobs : undefined,
    }));
}

/** The upstream's own word for a finish reason and its extras are made by the wire; they have no way back. */
function comparable(response: CanonicalResponse): CanonicalResponse {
  return {
    ...response,
    extensions: undefined,
    choices: response.choices.map((made) => ({ ...made, rawFinishReason: undefined })),
  };
}

/** `roundTrip` encodes for an upstream and decodes as if a client had sent it. */
export function checkRequests(limits: RequestLimits, roundTrip: (request: CanonicalRequest) => CanonicalRequest): void {
  fc.assert(
    fc.property(requests(limits), (request) => {
      expect(roundTrip(request)).toEqual(request);
    }),
  );
}

/** `roundTrip` encodes for a client and decodes as if an upstream had sent it. */
export function checkResponses(
  limits: ResponseLimits,
  roundTrip: (response: CanonicalResponse) => CanonicalResponse,
): void {
  fc.assert(
    fc.property(responses(limits), (response) => {
      expect(comparable(roundTrip(response))).toEqual(comparable(response));
    }),
  );
}

export interface StreamCodec {
  encoder(response: CanonicalResponse): StreamEncoder;
  decoder(response: CanonicalResponse): StreamDecoder;
}

/** An answer, replayed as a stream, encoded and decoded, is the same answer, however its bytes are cut. */
export function checkStreams(limits: ResponseLimits, codec: StreamCodec): void {
  const cuts = fc.array(fc.nat(), { maxLength: 12 });
  fc.assert(
    fc.property(responses(limits), cuts, (response, at) => {
      const bytes = encodeStream(response, codec);
      const whole = decodeStream([bytes], codec.decoder(response));
      expect(comparable(collectParts(whole))).toEqual(comparable(response));
      expect(decodeStream(cutAt(bytes, at), codec.decoder(response))).toEqual(whole);
    }),
  );
}

/** Slower, so fewer: each byte in a chunk of its own. */
export function checkBytewise(limits: ResponseLimits, codec: StreamCodec): void {
  fc.assert(
    fc.property(responses(limits), (response) => {
      const bytes = encodeStream(response, codec);
      const single = Array.from(bytes, (byte) => Buffer.of(byte));
      expect(decodeStream(single, codec.decoder(response))).toEqual(decodeStream([bytes], codec.decoder(response)));
    }),
    { numRuns: 30 },
  );
}

export function encodeStream(response: CanonicalResponse, codec: StreamCodec): Buffer {
  const encoder = codec.encoder(response);
  const events = responseParts(response).map((part) => encoder.encode(part));
  return Buffer.from(events.join('') + encoder.end());
}

export function decodeStream(chunks: readonly Buffer[], decoder: StreamDecoder): readonly Part[] {
  return [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end()];
}

/** Pieces of `bytes`, cut at any numbers. */
export function cutAt(bytes: Buffer, at: readonly number[]): readonly Buffer[] {
  const borders = [...new Set(at.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...borders].map((start, i) => bytes.subarray(start, borders[i] ?? bytes.length));
}
