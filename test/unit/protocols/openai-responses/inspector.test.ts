import { describe, expect, test } from 'vitest';
import { inspector as responsesInspector } from '../../../../src/protocols/openai-responses/inspector.ts';
import { parseEvent, SseSplitter } from '../../../../src/transport/sse.ts';
import { readCapture, readFixture } from '../../../support/read-fixture.ts';
import { target } from './samples.ts';

function meaning(event: unknown) {
  return responsesInspector.meaning('', JSON.stringify(event), target());
}

function kinds(stream: Buffer): readonly string[] {
  return new SseSplitter().split(stream).map((raw) => {
    const { event, data } = parseEvent(raw);
    return responsesInspector.meaning(event, data ?? '', target()).kind;
  });
}

describe('a stream that is passed through', () => {
  test('starts with announcements, then content, then the one finish', () => {
    expect(kinds(readCapture('responses-stream').body)).toEqual([
      ...Array(4).fill('preamble'),
      ...Array(8 + 3).fill('content'),
      'finish',
    ]);
  });

  test('a call is content as soon as it is announced', () => {
    expect(kinds(readCapture('responses-tool-stream').body).slice(0, 3)).toEqual(['preamble', 'preamble', 'content']);
  });

  test('reasoning is content at its first word', () => {
    const found = kinds(readFixture('responses/openai-reasoning-tools.chunks.txt'));
    expect(found.slice(0, 5)).toEqual(['preamble', 'preamble', 'preamble', 'preamble', 'content']);
    expect(found.at(-1)).toBe('finish');
  });

  test('usage stands in the last event', () => {
    const response = { status: 'incomplete', usage: { input_tokens: 1, output_tokens: 2 } };
    expect(meaning({ type: 'response.incomplete', response })).toMatchObject({
      kind: 'finish',
      usage: { input: 1, output: 2 },
    });
  });

  test.each([
    [{ type: 'response.failed', response: { error: { code: 'server_error', message: 'x' } } }, 'upstream_failed'],
    [{ type: 'error', code: 'rate_limit_exceeded', message: 'x' }, 'upstream_rate_limited'],
    [{ error: { code: 503, message: 'Loading model', type: 'unavailable_error' } }, 'upstream_busy'],
    [7, 'upstream_invalid'],
  ])('%j is an error', (event, code) => {
    expect(meaning(event)).toMatchObject({ kind: 'error', error: { code } });
  });

  test('an event that is not JSON is an error', () => {
    expect(responsesInspector.meaning('', 'proxy error', target())).toMatchObject({ kind: 'error' });
  });

  test('every event that ends something is interesting, talk about it is not', () => {
    for (const name of ['openai-failed', 'openai-incomplete', 'openai-reasoning-tools']) {
      const events = new SseSplitter().split(readFixture(`responses/${name}.chunks.txt`));
      for (const raw of events) {
        const { event, data } = parseEvent(raw);
        const { kind } = responsesInspector.meaning(event, data ?? '', target());
        if (kind === 'finish' || kind === 'error')
          expect(responsesInspector.interesting.test(raw.toString())).toBe(true);
      }
    }
    const plain = JSON.stringify({ type: 'response.output_text.delta', delta: 'an "error" was completed' });
    expect(responsesInspector.interesting.test(`event: response.output_text.delta\ndata: ${plain}\n\n`)).toBe(false);
  });
});

describe('an answer that is passed through', () => {
  test('tells its usage', () => {
    const body = JSON.parse(readCapture('responses').body.toString('utf8'));
    expect(responsesInspector.answer(body, target()).usage).toMatchObject({ input: 30, output: 8 });
  });

  test.each([
    [{ status: 'failed', error: { code: 'server_error', message: 'x' } }, 'upstream_failed'],
    [{ status: 'in_progress', output: [] }, 'upstream_invalid'],
    [{}, 'upstream_invalid'],
  ])('%j is a failure', (body, code) => {
    expect(() => responsesInspector.answer(body, target())).toThrow(expect.objectContaining({ code }));
  });

  test('goes to one path', () => {
    expect(responsesInspector.path(target(), true)).toBe('/responses');
  });
});
