import { describe, expect, test } from 'vitest';
import { inbound as messagesInbound } from '../../../../src/protocols/anthropic-messages/inbound.ts';
import type { CanonicalResponse, ReasoningRequest } from '../../../../src/protocols/canonical.ts';
import { responseParts } from '../../../../src/protocols/collect.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';
import { parseEvent } from '../../../../src/transport/sse.ts';
import { request, route } from './samples.ts';

const seal = { protocol: 'generate_content', value: 'c2ln:ZWQ=' };
const call = { kind: 'tool-call' as const, id: 'call_1', name: 'weather', arguments: '{"city":"Rome"}' };
const second = { ...call, id: 'call_2' };
const response: CanonicalResponse = {
  id: 'msg_1',
  model: 'm',
  created: 0,
  choices: [
    { index: 0, content: [{ kind: 'text', text: 'Hm.' }, { ...call, seal }, second], finishReason: 'tool-calls' },
  ],
};

function context(reasoning: ReasoningRequest | undefined) {
  const asked = request({ reasoning });
  return { requestedModel: 'm', includeUsage: true, requestId: 'r', nowMs: 0, request: asked };
}

function contentOf(reasoning: ReasoningRequest | undefined): readonly JsonObject[] {
  return messagesInbound.encodeResponse(response, context(reasoning)).content as readonly JsonObject[];
}

function blockTypes(reasoning: ReasoningRequest | undefined): readonly unknown[] {
  const encoder = messagesInbound.streamEncoder(context(reasoning), 'sse');
  const events = responseParts(response).map((part) => encoder.encode(part));
  const frames = (events.join('') + encoder.end()).split('\n\n').filter((text) => text !== '');
  return frames.flatMap((text) => {
    const data = JSON.parse(parseEvent(Buffer.from(text)).data ?? '{}');
    if (data.type === 'content_block_start') return [[data.index, data.content_block.type]];
    return data.delta?.type === 'signature_delta' ? [data.delta.signature] : [];
  });
}

describe('the seal of a call', () => {
  test('travels in an empty block before it and comes back with it', () => {
    const content = contentOf({ budgetTokens: 1024 });
    expect(content.map(({ type }) => type)).toEqual(['text', 'thinking', 'tool_use', 'tool_use']);
    const messages = [
      { role: 'user', content: 'Weather?' },
      { role: 'assistant', content },
    ];
    const body = { model: 'm', max_tokens: 9, messages };
    expect(messagesInbound.decode(body, route).request.messages[1]?.content).toMatchObject([
      { kind: 'text' },
      { kind: 'tool-call', id: 'call_1', seal },
      { kind: 'tool-call', id: 'call_2', seal: undefined },
    ]);
  });

  test('does so in a stream, where blocks stay in order', () => {
    expect(blockTypes({ effort: 'low' })).toEqual([
      [0, 'text'],
      [1, 'thinking'],
      'router:call:generate_content:c2ln:ZWQ=',
      [2, 'tool_use'],
      [3, 'tool_use'],
    ]);
  });

  test.each([undefined, { effort: 'none' as const }])(
    'stays behind when no thinking was asked for: %j',
    (reasoning) => {
      expect(contentOf(reasoning).map(({ type }) => type)).toEqual(['text', 'tool_use', 'tool_use']);
      expect(blockTypes(reasoning)).toEqual([
        [0, 'text'],
        [1, 'tool_use'],
        [2, 'tool_use'],
      ]);
    },
  );
});
