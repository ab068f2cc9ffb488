import { describe, expect, test } from 'vitest';
import { outbound as chatOutbound } from '../../../../src/protocols/openai-chat/outbound.ts';
import { inbound as responsesInbound } from '../../../../src/protocols/openai-responses/inbound.ts';
import { inspector as responsesInspector } from '../../../../src/protocols/openai-responses/inspector.ts';
import { PassthroughRelay, TranslatingRelay } from '../../../../src/protocols/relay.ts';
import { readCapture } from '../../../support/read-fixture.ts';
import { answerContext, clientAnswered, request, target } from './samples.ts';

/** What a client of Responses gets of a recorded chat stream. */
function translated(capture: string): string {
  const decoder = chatOutbound.streamDecoder({ target: target(), request: request() });
  const relay = new TranslatingRelay({
    decoder,
    encoder: responsesInbound.streamEncoder(answerContext(), 'sse'),
    target: target(),
  });
  const text = readCapture(capture)
    .pieces.map((piece) => relay.push(piece) ?? '')
    .join('');
  return text + relay.end();
}

async function finalOf(stream: string) {
  const client = clientAnswered(stream, 'text/event-stream');
  return client.responses.stream({ model: 'gpt', input: 'hi' }).finalResponse();
}

describe('a local server behind the official client', () => {
  test('text', async () => {
    const final = await finalOf(translated('chat-stream-usage'));
    expect(final.output_text.length).toBeGreaterThan(0);
    expect(final.usage?.total_tokens).toBeGreaterThan(0);
  });

  test('a call', async () => {
    const final = await finalOf(translated('chat-tool-call-stream'));
    const call = final.output.find((item) => item.type === 'function_call');
    expect(call).toMatchObject({ name: 'get_weather', status: 'completed' });
    expect(() => JSON.parse(call?.arguments ?? '')).not.toThrow();
  });

  test('reasoning before text', async () => {
    const final = await finalOf(translated('think-chat-stream'));
    expect(final.output.map((item) => item.type)).toEqual(['reasoning', 'message']);
  });
});

test('a stream that is passed through arrives byte for byte', () => {
  const { pieces, body } = readCapture('responses-tool-stream');
  const relay = new PassthroughRelay({
    inspector: responsesInspector,
    target: target(),
    dropUsage: false,
    choices: 1,
    endMarker: undefined,
  });
  const sent = pieces.map((piece) => Buffer.from(relay.push(piece) ?? ''));
  const tail = Buffer.from(relay.end() ?? '');
  expect(Buffer.concat([...sent, tail])).toEqual(body);
  expect(relay.phase).toBe('finished');
  expect(relay.usage).toMatchObject({ input: 306, output: 76 });
});
