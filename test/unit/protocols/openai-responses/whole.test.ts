import { expect, test } from 'vitest';
import { inspector as responsesInspector } from '../../../../src/protocols/openai-responses/inspector.ts';
import { PassthroughRelay } from '../../../../src/protocols/relay.ts';
import { readFixture } from '../../../support/read-fixture.ts';
import { target } from './samples.ts';

function relayed(chunks: readonly Buffer[]) {
  const relay = new PassthroughRelay({
    inspector: responsesInspector,
    target: target(),
    dropUsage: false,
    choices: 1,
    endMarker: undefined,
  });
  for (const chunk of chunks) relay.push(chunk);
  return relay;
}

test('the whole answer is had from the last event, however its bytes are cut', () => {
  const bytes = readFixture('responses/openai-reasoning-tools.chunks.txt');
  const expected = { id: 'resp_0a1b2c', status: 'completed' };
  expect(relayed([bytes]).whole).toMatchObject(expected);
  expect(relayed([...bytes].map((byte) => Buffer.from([byte]))).whole).toMatchObject(expected);
});

test('an answer cut by a limit is whole, a failed or broken one is not', () => {
  expect(relayed([readFixture('responses/openai-incomplete.chunks.txt')]).whole).toMatchObject({
    status: 'incomplete',
  });
  expect(relayed([readFixture('responses/openai-failed.chunks.txt')]).whole).toBeUndefined();
  expect(relayed([readFixture('responses/openai-incomplete.chunks.txt').subarray(0, 2000)]).whole).toBeUndefined();
});

test('talk about the end is not the end', () => {
  const talk = { type: 'response.output_text.delta', delta: 'response.completed', response: { id: 'no' } };
  expect(relayed([Buffer.from(`data: ${JSON.stringify(talk)}\n\n`)]).whole).toBeUndefined();
});
