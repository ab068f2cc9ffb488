import type { ProtocolName } from '../../src/core/model.ts';
import { times } from './request-bodies.ts';

/** Chunks of a stream that holds `count` of one thing. */
type Stream = (count: number) => readonly Buffer[];

function sse(events: readonly unknown[], end = ''): readonly Buffer[] {
  return [...events.map((event) => Buffer.from(`data: ${JSON.stringify(event)}\n\n`)), Buffer.from(end)];
}

const chunk = (delta: object, more: object = {}) => ({ id: 'c1', choices: [{ index: 0, delta, ...more }] });
const stopped = chunk({}, { finish_reason: 'stop' });
const chatStream = (deltas: readonly object[]) =>
  sse([...deltas.map((delta) => chunk(delta)), stopped], 'data: [DONE]\n\n');
const callOf = (call: object, named: object = {}) => ({ tool_calls: [{ ...call, function: named }] });

const chat: Readonly<Record<string, Stream>> = {
  'calls that all have index 0': (count) =>
    chatStream(times(count, (index) => callOf({ index: 0, id: `c${index}` }, { name: 't', arguments: '{}' }))),
  'calls that all have index 0 and no id': (count) =>
    chatStream(times(count, () => callOf({ index: 0 }, { name: 't', arguments: '{}' }))),
  'a call whose name is in every piece': (count) =>
    chatStream([
      callOf({ index: 0 }, { name: 't', arguments: '{"a":"' }),
      ...times(count, () => callOf({ index: 0 }, { name: 't', arguments: 'x' })),
    ]),
  'calls whose arguments stay open': (count) =>
    chatStream(times(count, (index) => callOf({ index, id: `c${index}` }, { name: 't', arguments: '{"a":' }))),
  'all calls in one piece': (count) =>
    chatStream([
      {
        tool_calls: times(count, (index) => ({ index, id: `c${index}`, function: { name: 't', arguments: '{}' } })),
      },
    ]),
  'details of reasoning': (count) =>
    chatStream(times(count, () => ({ reasoning_details: [{ type: 'reasoning.text', text: 'Hm.', index: 0 }] }))),
  'details of reasoning in one piece': (count) =>
    chatStream([{ reasoning_details: times(count, () => ({ type: 'reasoning.text', text: 'Hm.', index: 0 })) }]),
  'parts of content': (count) => chatStream([{ content: times(count, () => ({ type: 'text', text: 'x' })) }]),
  'lines of one event': (count) => [
    ...times(count, () => Buffer.from('data: \n')),
    Buffer.from(`data: ${JSON.stringify(stopped)}\n\n`),
  ],
  'an event in single bytes': (count) =>
    [
      ...Buffer.from(`data: ${JSON.stringify(chunk({ content: 'x'.repeat(count) }, { finish_reason: 'stop' }))}\n\n`),
    ].map((byte) => Buffer.of(byte)),
  comments: (count) => [...times(count, () => Buffer.from(': wait\n\n')), ...chatStream([])],
  'line ends': (count) => [Buffer.from('\n'.repeat(count)), ...chatStream([])],
};

const responses: Readonly<Record<string, Stream>> = {
  'items that begin and never end': (count) =>
    sse([
      ...times(count, (index) => ({
        type: 'response.output_item.added',
        item: { type: 'function_call', id: `fc_${index}`, call_id: `c${index}`, name: 't', arguments: '' },
      })),
      { type: 'response.completed', response: { status: 'completed', output: [] } },
    ]),
  'texts of many items': (count) =>
    sse([
      ...times(count, (index) => ({ type: 'response.output_text.delta', item_id: `msg_${index}`, delta: 'x' })),
      { type: 'response.completed', response: { status: 'completed', output: [] } },
    ]),
  'an answer in its last event': (count) =>
    sse([
      {
        type: 'response.completed',
        response: {
          status: 'completed',
          output: times(count, (index) => ({
            type: 'message',
            id: `msg_${index}`,
            role: 'assistant',
            content: [{ type: 'output_text', text: 'x' }],
          })),
        },
      },
    ]),
};

const messageStart = { type: 'message_start', message: { id: 'msg_1', model: 'm', usage: {} } };
const messageEnd = [
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } },
  { type: 'message_stop' },
];

const messages: Readonly<Record<string, Stream>> = {
  'blocks that never end': (count) =>
    sse([
      messageStart,
      ...times(count, (index) => ({ type: 'content_block_start', index, content_block: { type: 'text', text: 'x' } })),
      ...messageEnd,
    ]),
  'blocks in one piece': (count) => [
    Buffer.concat(
      sse([
        messageStart,
        ...times(count, (index) => ({
          type: 'content_block_start',
          index,
          content_block: { type: 'text', text: 'x' },
        })),
        ...messageEnd,
      ]),
    ),
  ],
  'pieces of a signature': (count) =>
    sse([
      messageStart,
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '' } },
      ...times(count, () => ({
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'signature_delta', signature: 'eA' },
      })),
      { type: 'content_block_stop', index: 0 },
      ...messageEnd,
    ]),
};

const candidate = (parts: readonly object[], more: object = {}) => ({
  candidates: [{ content: { parts }, index: 0, ...more }],
  usageMetadata: { promptTokenCount: 1 },
});
const candidateEnd = candidate([], { finishReason: 'STOP' });

const gemini: Readonly<Record<string, Stream>> = {
  'parts of one event': (count) => sse([candidate(times(count, () => ({ text: 'x' }))), candidateEnd]),
  calls: (count) => sse([...times(count, () => candidate([{ functionCall: { name: 't', args: {} } }])), candidateEnd]),
  signatures: (count) =>
    sse([...times(count, () => candidate([{ text: 'x', thoughtSignature: 'c2VhbA==' }])), candidateEnd]),
};

const cohereStart = { type: 'message-start', id: 'c1' };
const cohereEnd = { type: 'message-end', delta: { finish_reason: 'COMPLETE' } };

const cohere: Readonly<Record<string, Stream>> = {
  'pieces of text': (count) =>
    sse([
      cohereStart,
      ...times(count, () => ({
        type: 'content-delta',
        index: 0,
        delta: { message: { content: { text: 'x' } } },
        logprobs: { token_ids: [1], text: 'x', logprobs: [-1] },
      })),
      cohereEnd,
    ]),
  'contents that never end': (count) =>
    sse([
      cohereStart,
      ...times(count, (index) => ({
        type: 'content-start',
        index,
        delta: { message: { content: { type: 'text', text: 'x' } } },
      })),
      cohereEnd,
    ]),
  'tool calls': (count) =>
    sse([
      cohereStart,
      ...times(count, (index) => [
        {
          type: 'tool-call-start',
          index,
          delta: { message: { tool_calls: { id: `c${index}`, function: { name: 't', arguments: '{' } } } },
        },
        { type: 'tool-call-delta', index, delta: { message: { tool_calls: { function: { arguments: '}' } } } } },
        { type: 'tool-call-end', index },
      ]).flat(),
      cohereEnd,
    ]),
};

/** Streams that no encoder of ours would write, by the protocol of the upstream. */
export const eventStreams: Readonly<Partial<Record<ProtocolName, Readonly<Record<string, Stream>>>>> = {
  chat_completions: chat,
  responses,
  messages,
  generate_content: gemini,
  cohere,
};
