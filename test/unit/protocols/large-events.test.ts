import { describe, expect, it } from 'vitest';
import { inspector as geminiInspector } from '../../../src/protocols/gemini/inspector.ts';
import { inspector as chatInspector } from '../../../src/protocols/openai-chat/inspector.ts';
import { inspector as responsesInspector } from '../../../src/protocols/openai-responses/inspector.ts';
import type { Inspector } from '../../../src/protocols/protocol.ts';
import { PassthroughRelay } from '../../../src/protocols/relay.ts';
import { target } from './openai-responses/samples.ts';

const mebi = 1024 * 1024;

function open(inspector: Inspector): PassthroughRelay {
  return new PassthroughRelay({ inspector, target: target(), dropUsage: false, choices: 1, endMarker: undefined });
}

function event(value: unknown, lineEnd = '\n', name?: string): Buffer {
  const named = name === undefined ? '' : `event: ${name}${lineEnd}`;
  return Buffer.from(`${named}data: ${JSON.stringify(value)}${lineEnd}${lineEnd}`);
}

/** Everything that came out, and the most that was held meanwhile. */
function relayed(relay: PassthroughRelay, stream: Buffer, cut = 64 * 1024): { output: Buffer; mostHeld: number } {
  const output: Buffer[] = [];
  let mostHeld = 0;
  for (let at = 0; at < stream.length; at += cut) {
    const out = relay.push(stream.subarray(at, at + cut));
    if (out !== undefined) output.push(out);
    mostHeld = Math.max(mostHeld, relay.heldBytes);
  }
  const end = relay.end();
  if (end !== undefined) output.push(Buffer.from(end));
  return { output: Buffer.concat(output), mostHeld };
}

const chatDelta = (content: string) => ({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
const chatEnd = {
  choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 2 },
};
const image = (size: number) => ({ inlineData: { mimeType: 'image/png', data: 'A'.repeat(size) } });

describe('a large event that is passed through', () => {
  it.each(['\n', '\r\n'])('is handed on while it comes, with line ends %j', (lineEnd) => {
    const relay = open(chatInspector);
    const stream = Buffer.concat([
      event(chatDelta('hi'), lineEnd),
      event(chatDelta('x'.repeat(28 * mebi)), lineEnd),
      event(chatDelta('bye'), lineEnd),
      event(chatEnd, lineEnd),
    ]);
    const { output, mostHeld } = relayed(relay, stream);
    expect(output.equals(stream)).toBe(true);
    expect(mostHeld).toBeLessThan(mebi / 2);
    expect([relay.phase, relay.usage]).toEqual(['finished', expect.objectContaining({ input: 1, output: 2 })]);
  });

  it('is read for what stands behind its image', () => {
    const relay = open(geminiInspector);
    const stream = event({
      candidates: [{ content: { role: 'model', parts: [image(20 * mebi)] }, finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 7, candidatesTokenCount: 9, totalTokenCount: 16 },
    });
    const { output, mostHeld } = relayed(relay, stream);
    expect(output.equals(stream)).toBe(true);
    expect(mostHeld).toBeLessThan(mebi / 2);
    expect([relay.phase, relay.usage]).toEqual(['finished', expect.objectContaining({ input: 7, output: 9 })]);
  });

  it('ends where its blank line ends, wherever that is cut', () => {
    for (const lineEnd of ['\n', '\r\n']) {
      const stream = Buffer.concat([event(chatDelta('x'.repeat(mebi)), lineEnd), event(chatEnd, lineEnd)]);
      const before = event(chatDelta('x'.repeat(mebi)), lineEnd).length;
      for (let cut = before - 5; cut <= before + 2; cut++) {
        const relay = open(chatInspector);
        const { output } = relayed(relay, stream, cut);
        expect([output.equals(stream), relay.phase]).toEqual([true, 'finished']);
      }
    }
  });

  it('that the stream ends in is whole without its blank line', () => {
    const relay = open(geminiInspector);
    const stream = event({ candidates: [{ content: { parts: [image(mebi)] }, finishReason: 'STOP' }] });
    const { output } = relayed(relay, stream.subarray(0, -2));
    expect([output.equals(stream), relay.phase]).toEqual([true, 'finished']);
  });

  it('that breaks off is no answer', () => {
    const relay = open(chatInspector);
    const stream = Buffer.concat([event(chatDelta('hi')), event(chatDelta('x'.repeat(mebi)))]);
    expect(() => relayed(relay, stream.subarray(0, -1_000))).toThrow();
  });

  it('that repeats the answer is read whole up to 8 MB, and not told as whole when it is larger', () => {
    const completed = (size: number) =>
      event(
        { type: 'response.completed', response: { id: 'resp_1', status: 'completed', output: ['x'.repeat(size)] } },
        '\n',
        'response.completed',
      );
    for (const [size, isWhole] of [
      [5 * mebi, true],
      [12 * mebi, false],
    ] as const) {
      const relay = open(responsesInspector);
      const { output, mostHeld } = relayed(relay, completed(size));
      expect(output.equals(completed(size))).toBe(true);
      expect([relay.phase, relay.whole !== undefined, mostHeld < 9 * mebi]).toEqual(['finished', isWhole, true]);
    }
  });

  it('that is an error is one, although it was handed on', () => {
    const relay = open(chatInspector);
    relay.push(event(chatDelta('hi')));
    const stream = event({ padding: 'x'.repeat(mebi), error: { message: 'the model crashed', type: 'server_error' } });
    for (let at = 0; at < stream.length; at += 64 * 1024) relay.push(stream.subarray(at, at + 64 * 1024));
    expect(relay.failure?.message).toContain('the model crashed');
  });
});
