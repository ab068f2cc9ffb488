import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ContentPart, Message } from '../../../../src/protocols/canonical.ts';
import { outbound as cohereOutbound } from '../../../../src/protocols/cohere/outbound.ts';
import { collectParts } from '../../../../src/protocols/collect.ts';
import { parseDataUrl } from '../../../../src/protocols/data-url.ts';
import { asArray, asObject, isObject } from '../../../../src/protocols/fields.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';
import {
  cutAt,
  imagePart,
  imageUrlPart,
  type RequestLimits,
  reasoningPart,
  requests,
  text,
  textPart,
} from '../../../contract/codec.ts';
import { type CohereAnswer, cohereEvents } from '../../../support/fake-servers/cohere.ts';
import { checkChat } from '../../../support/fake-servers/cohere-rules.ts';
import { eventText } from '../../../support/fake-servers/vendor-server.ts';
import { cohere, decodeStream, encode } from './samples.ts';

const limits: RequestLimits = {
  instructions: ['user'],
  user: [textPart, imagePart, imageUrlPart],
  reasoning: reasoningPart,
  parameters: [],
  texts: 1,
};

/** Reads a body back the way the API's reference describes it. */
function readMessage(message: JsonObject, names: Map<unknown, string>): Message {
  const { role, content, tool_plan: plan } = message;
  const parts = typeof content === 'string' ? [{ type: 'text', text: content }] : asArray(content);
  const said = parts.filter(isObject).map(readPart);
  if (role === 'tool') {
    const id = String(message.tool_call_id);
    return { role, content: [{ kind: 'tool-result', id, name: names.get(id), content: said }] };
  }
  const planned: readonly ContentPart[] = typeof plan === 'string' ? [{ kind: 'text', text: plan }] : [];
  const calls = asArray(message.tool_calls).filter(isObject).map(readCall);
  for (const call of calls) if (call.kind === 'tool-call') names.set(call.id, call.name);
  return { role: role === 'assistant' ? 'assistant' : 'user', content: [...said, ...planned, ...calls] };
}

function readPart(part: JsonObject): ContentPart {
  if (part.type === 'text') return { kind: 'text', text: String(part.text) };
  if (part.type === 'thinking') return { kind: 'reasoning', text: String(part.thinking) };
  const url = String(asObject(part.image_url)?.url);
  return { kind: 'image', source: parseDataUrl(url) ?? { kind: 'url', url } };
}

function readCall(call: JsonObject): ContentPart {
  const named = asObject(call.function);
  const given = String(named?.arguments);
  return { kind: 'tool-call', id: String(call.id), name: String(named?.name), arguments: given };
}

describe('every request', () => {
  test('says on the wire what it said before', () => {
    fc.assert(
      fc.property(requests(limits), (request) => {
        const { body, drops } = cohereOutbound.encode(request, cohere());
        expect(drops).toEqual([]);
        const names = new Map<unknown, string>();
        const messages = asArray(body.messages)
          .filter(isObject)
          .map((message) => readMessage(message, names));
        const last = request.messages.at(-1)?.role;
        expect(last === 'assistant' ? messages.slice(0, -1) : messages).toEqual(request.messages);
        expect(asArray(body.tools).map((tool) => asObject(tool)?.function)).toEqual(request.tools);
      }),
    );
  });

  test('keeps the rules of the API, whatever it asks for', () => {
    const any: RequestLimits = {
      ...limits,
      instructions: ['system', 'developer'],
      parameters: [
        ...(['maxTokens', 'temperature', 'topP', 'topK', 'minP', 'frequencyPenalty', 'presencePenalty'] as const),
        ...(['seed', 'stop', 'n', 'logprobs', 'topLogprobs', 'logitBias', 'reasoning', 'user'] as const),
      ],
    };
    fc.assert(
      fc.property(requests(any), fc.constantFrom('command-a-reasoning-08-2025', 'command-a-03-2025'), (request, id) => {
        const { body } = cohereOutbound.encode(request, cohere(id));
        expect(() => checkChat(JSON.parse(JSON.stringify(body)))).not.toThrow();
      }),
    );
  });

  test('is told apart from one that breaks them', () => {
    const good = encode({ tools: [{ name: 'look', parameters: {} }] }).body;
    expect(() => checkChat(good)).not.toThrow();
    const strict = { type: 'function', function: { name: 'look', parameters: {}, strict: true } };
    expect(() => checkChat({ ...good, tools: [strict] })).toThrow("unknown field: parameter 'strict'");
    const late = [
      { role: 'user', content: 'Hi' },
      { role: 'system', content: 'A' },
    ];
    expect(() => checkChat({ ...good, messages: late })).toThrow('system turn must be the first');
  });
});

const word = fc.stringMatching(/^[a-z]{1,8}$/);
const answers: fc.Arbitrary<CohereAnswer> = fc
  .record(
    {
      thinking: text,
      text,
      plan: text,
      calls: fc.array(fc.record({ id: word, name: word, arguments: fc.json() }), { minLength: 1, maxLength: 3 }),
      finishReason: fc.constantFrom('COMPLETE', 'MAX_TOKENS', 'STOP_SEQUENCE', 'TOOL_CALL'),
    },
    { requiredKeys: ['text', 'finishReason'] },
  )
  // Calls and a text of their own do not meet: beside calls the text is the plan.
  .map(({ text: said, plan, calls, ...rest }) =>
    calls === undefined ? { ...rest, text: said } : { ...rest, calls, ...(plan === undefined ? {} : { plan }) },
  );

describe('every answer', () => {
  test('says the same as a stream, wherever its bytes are cut, and as a whole', () => {
    fc.assert(
      fc.property(answers, fc.array(fc.nat(), { maxLength: 12 }), (answer, cuts) => {
        const bytes = Buffer.from(cohereEvents(answer).map(eventText).join(''));
        const whole = decodeStream([bytes]);
        expect(decodeStream(cutAt(bytes, cuts))).toEqual(whole);
        const { thinking, text: said, plan, calls = [] } = answer;
        expect(collectParts(whole).choices[0]?.content).toEqual([
          ...(thinking === undefined ? [] : [{ kind: 'reasoning', text: thinking }]),
          ...[plan, said].filter((part) => part !== undefined).map((part) => ({ kind: 'text', text: part })),
          ...calls.map((call) => ({ kind: 'tool-call', ...call })),
        ]);
      }),
    );
  });
});
