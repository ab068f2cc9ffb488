import type { Message } from '@anthropic-ai/sdk/resources/messages/messages';
import { describe, expect, it } from 'vitest';
import { inbound as messagesInbound } from '../../../../src/protocols/anthropic-messages/inbound.ts';
import { outbound as messagesOutbound } from '../../../../src/protocols/anthropic-messages/outbound.ts';
import type { CanonicalResponse, Choice } from '../../../../src/protocols/canonical.ts';
import { answerContext, decodeContext } from './samples.ts';

const wire: Message = {
  id: 'msg_01',
  type: 'message',
  role: 'assistant',
  model: 'claude-opus-4-8',
  content: [
    { type: 'thinking', thinking: 'hm', signature: 'EqQB' },
    { type: 'redacted_thinking', data: 'EmwK' },
    { type: 'text', text: 'Hi', citations: null },
    { type: 'tool_use', id: 'toolu_1', name: 'look', input: { a: [1] }, caller: { type: 'direct' } },
  ],
  stop_reason: 'tool_use',
  stop_sequence: null,
  stop_details: null,
  container: null,
  diagnostics: null,
  usage: {
    input_tokens: 10,
    output_tokens: 20,
    cache_creation_input_tokens: 5,
    cache_read_input_tokens: 100,
    cache_creation: null,
    inference_geo: null,
    output_tokens_details: { thinking_tokens: 7 },
    server_tool_use: null,
    service_tier: null,
    speed: null,
  },
};

const canonical: CanonicalResponse = {
  id: 'msg_01',
  model: 'claude-opus-4-8',
  created: 0,
  choices: [
    {
      index: 0,
      content: [
        { kind: 'reasoning', text: 'hm', seal: { protocol: 'messages', value: 'EqQB' } },
        { kind: 'reasoning', text: '', seal: { protocol: 'messages', value: 'EmwK', isRedacted: true } },
        { kind: 'text', text: 'Hi' },
        { kind: 'tool-call', id: 'toolu_1', name: 'look', arguments: '{"a":[1]}' },
      ],
      finishReason: 'tool-calls',
      rawFinishReason: 'tool_use',
    },
  ],
  usage: { input: 115, output: 20, cachedInput: 100, cacheWrite: 5, reasoning: 7 },
};

function encodeChoice(choice: Partial<Choice>) {
  const whole: Choice = { index: 0, content: [], finishReason: 'stop', ...choice };
  return messagesInbound.encodeResponse({ ...canonical, choices: [whole] }, answerContext);
}

describe('an answer', () => {
  it('is decoded with its seals and its usage, caches included', () => {
    expect(messagesOutbound.decodeResponse({ ...wire }, decodeContext())).toEqual(canonical);
  });

  it('is encoded back to what it was', () => {
    expect(messagesInbound.encodeResponse(canonical, answerContext)).toEqual(wire);
  });

  it('of a foreign model has an unsigned thinking block and tool_use after a call', () => {
    const content: Choice['content'] = [
      { kind: 'reasoning', text: 'hm' },
      { kind: 'tool-call', id: 'c', name: 'look', arguments: '{"cut' },
    ];
    expect(encodeChoice({ content })).toMatchObject({
      content: [
        { type: 'thinking', thinking: 'hm', signature: '' },
        { type: 'tool_use', input: { INVALID_JSON: '{"cut' } },
      ],
      stop_reason: 'tool_use',
    });
  });

  it('that is a refusal says so', () => {
    expect(encodeChoice({ content: [{ kind: 'refusal', text: 'No.' }] })).toMatchObject({
      content: [{ type: 'text', text: 'No.' }],
      stop_reason: 'refusal',
    });
  });

  it('without id and model gets ours', () => {
    const encoded = messagesInbound.encodeResponse(
      { ...canonical, id: '', model: '', usage: undefined },
      answerContext,
    );
    expect(encoded).toMatchObject({
      id: 'msg_ours',
      model: 'claude-asked',
      usage: { input_tokens: 0, output_tokens: 0 },
    });
  });

  it('tells why a model refused', () => {
    const stop_details = { type: 'refusal', category: 'cyber', explanation: 'Not this.' };
    const decoded = messagesOutbound.decodeResponse(
      { ...wire, content: [], stop_reason: 'refusal', stop_details },
      decodeContext(),
    );
    expect(decoded.choices[0]).toMatchObject({
      finishReason: 'refusal',
      content: [{ kind: 'refusal', text: 'Not this.' }],
    });
  });

  it('of server tools keeps the text alone', () => {
    const content = [{ type: 'server_tool_use' }, { type: 'web_search_tool_result' }, { type: 'text', text: 'found' }];
    const decoded = messagesOutbound.decodeResponse({ ...wire, content }, decodeContext());
    expect(decoded.choices[0]?.content).toEqual([{ kind: 'text', text: 'found' }]);
  });
});
