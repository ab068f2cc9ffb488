import { describe, expect, it } from 'vitest';
import { inspector as messagesInspector } from '../../../../src/protocols/anthropic-messages/inspector.ts';
import { parseEvent, SseSplitter } from '../../../../src/transport/sse.ts';
import { streamEvents } from '../../../support/fake-servers/anthropic.ts';
import { eventText } from '../../../support/fake-servers/vendor-server.ts';
import { readFixture } from '../../../support/read-fixture.ts';
import { candidate } from './samples.ts';

function eventsOf(bytes: Buffer) {
  return new SseSplitter().split(bytes).map(parseEvent);
}

function meaning(event: object, name = '') {
  return messagesInspector.meaning(name, JSON.stringify(event), candidate());
}

describe('meaning', () => {
  it('follows a recorded stream', () => {
    const kinds = eventsOf(readFixture('anthropic/stream-thinking-tools.sse')).map(
      ({ event, data }) => messagesInspector.meaning(event, data ?? '', candidate()).kind,
    );
    const firstContent = kinds.indexOf('content');
    expect(kinds.slice(0, firstContent)).toEqual(['preamble', 'preamble', 'preamble']);
    expect(kinds.slice(-2)).toEqual(['finish', 'end']);
  });

  it.each([
    [{ type: 'content_block_start', content_block: { type: 'tool_use' } }, 'content'],
    [{ type: 'content_block_start', content_block: { type: 'redacted_thinking' } }, 'content'],
    [{ type: 'content_block_start', content_block: { type: 'text', text: '' } }, 'preamble'],
    [{ type: 'content_block_start', content_block: { type: 'text', text: 'a' } }, 'content'],
    [{ type: 'content_block_delta', delta: { type: 'thinking_delta' } }, 'content'],
    [{ type: 'content_block_delta', delta: { type: 'input_json_delta' } }, 'content'],
    [{ type: 'content_block_delta', delta: { type: 'signature_delta' } }, 'preamble'],
    [{ type: 'message_delta', delta: { stop_reason: null }, usage: { output_tokens: 1 } }, 'usage'],
    [{ type: 'message_delta', delta: { stop_reason: 'end_turn' } }, 'finish'],
    [{ type: 'message_stop' }, 'end'],
    [{ type: 'ping' }, 'preamble'],
    [{ type: 'new_event' }, 'preamble'],
  ])('of %j is %s', (event, kind) => {
    expect(meaning(event).kind).toBe(kind);
  });

  it('carries usage in message_start and message_delta', () => {
    const usage = { input_tokens: 3, cache_read_input_tokens: 4, output_tokens: 5 };
    expect(meaning({ type: 'message_start', message: { usage } })).toMatchObject({
      usage: { input: 7, cachedInput: 4 },
    });
    expect(meaning({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage })).toMatchObject({
      usage: { output: 5 },
    });
  });

  it.each([
    [{ type: 'error', error: { type: 'overloaded_error', message: 'x' } }, '', 'upstream_busy'],
    [{ error: { message: 'x' } }, 'error', 'upstream_failed'],
  ])('of the error %j is %s %s', (event, name, code) => {
    expect(meaning(event, name)).toMatchObject({ kind: 'error', error: { code } });
  });

  it('of what is no JSON is an error', () => {
    expect(messagesInspector.meaning('', '{', candidate())).toMatchObject({ error: { code: 'upstream_invalid' } });
  });
});

it('finds every event of interest after content and no ordinary delta', () => {
  const events = streamEvents({ blocks: [{ type: 'text', text: 'an "error" in message_stop' }] }, 'm');
  const interesting = events.filter((event) => messagesInspector.interesting.test(eventText(event)));
  expect(interesting.map((event) => event.type)).toEqual(['message_delta', 'message_stop']);
  expect(messagesInspector.interesting.test(eventText({ type: 'error', error: {} }))).toBe(true);
  expect(messagesInspector.interesting.test('data: {"type": "error"}\n\n')).toBe(true);
});

describe('answer', () => {
  it('tells usage', () => {
    const body = {
      type: 'message',
      content: [],
      stop_reason: 'end_turn',
      usage: { input_tokens: 1, output_tokens: 2 },
    };
    expect(messagesInspector.answer(body, candidate())).toEqual({ usage: { input: 1, output: 2 } });
  });

  it.each([
    [{}, 'upstream_invalid'],
    [{ type: 'message', content: [], stop_reason: null }, 'upstream_invalid'],
    [{ type: 'error', error: { type: 'overloaded_error', message: 'x' } }, 'upstream_busy'],
  ])('%j is %s', (body, code) => {
    expect(() => messagesInspector.answer(body, candidate())).toThrow(expect.objectContaining({ code }));
  });
});
