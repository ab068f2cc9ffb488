import { expect, test } from 'vitest';
import { FinalResponse } from '../../../../src/protocols/openai-responses/final-response.ts';
import { readFixture } from '../../../support/read-fixture.ts';

function overhear(chunks: readonly (Buffer | string)[]) {
  const final = new FinalResponse();
  for (const chunk of chunks) final.push(chunk);
  return final.response;
}

test('a whole answer is overheard, however its bytes are cut', () => {
  const bytes = readFixture('responses/openai-reasoning-tools.chunks.txt');
  const expected = { id: 'resp_0a1b2c', status: 'completed' };
  expect(overhear([bytes])).toMatchObject(expected);
  expect(overhear([...bytes].map((byte) => Buffer.from([byte])))).toMatchObject(expected);
  expect(overhear([bytes.toString('utf8')])).toMatchObject(expected);
});

test('an answer cut by a limit is whole, a failed or broken one is not', () => {
  expect(overhear([readFixture('responses/openai-incomplete.chunks.txt')])).toMatchObject({ status: 'incomplete' });
  expect(overhear([readFixture('responses/openai-failed.chunks.txt')])).toBeUndefined();
  expect(overhear([readFixture('responses/openai-incomplete.chunks.txt').subarray(0, 2000)])).toBeUndefined();
});

test('talk about the end is not the end', () => {
  const talk = { type: 'response.output_text.delta', delta: 'response.completed', response: { id: 'no' } };
  expect(overhear([`data: ${JSON.stringify(talk)}\n\n`])).toBeUndefined();
});
