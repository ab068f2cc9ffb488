import { describe, expect, test } from 'vitest';
import type { StoredResponse } from '../../../../src/core/stored-responses.ts';
import {
  isStored,
  previousResponseId,
  referencedItems,
  toStored,
  withHistory,
  withoutPrevious,
} from '../../../../src/protocols/openai-responses/history.ts';

const answer = { type: 'message', id: 'msg_1', role: 'assistant', content: [{ type: 'output_text', text: 'four' }] };
const stored: StoredResponse = {
  id: 'resp_1',
  localOnly: false,
  response: { id: 'resp_1', instructions: 'Be brief.', output: [answer] },
  input: [{ type: 'message', role: 'user', content: 'two and two?' }],
};

describe('a conversation that goes on', () => {
  test('is sent whole: earlier input, earlier answer, then what is new', () => {
    const body = withHistory({ model: 'm', previous_response_id: 'resp_1', input: 'and one more?' }, stored);
    expect(body).toEqual({
      model: 'm',
      previous_response_id: 'resp_1',
      input: [...stored.input, answer, { type: 'message', role: 'user', content: 'and one more?' }],
    });
    expect(withoutPrevious(body)).toEqual({ model: 'm', input: body.input });
  });

  test('three turns are kept as one', () => {
    const second = withHistory({ previous_response_id: 'resp_1', input: 'and one more?' }, stored);
    const kept = toStored(second, { id: 'resp_2', output: [{ type: 'message', id: 'msg_2' }] });
    expect(kept?.id).toBe('resp_2');
    const third = withHistory({ previous_response_id: 'resp_2', input: [] }, kept);
    expect(third.input).toEqual([...stored.input, answer, expect.anything(), { type: 'message', id: 'msg_2' }]);
  });

  test('references are replaced, and not doubled when the history has them', () => {
    const input = [{ type: 'item_reference', id: 'msg_1' }, { id: 'msg_0' }, { role: 'user', content: 'go on' }];
    expect(referencedItems({ input })).toEqual(['msg_1', 'msg_0']);
    const found = { type: 'message', role: 'assistant', content: 'found' };
    const body = withHistory({ input }, stored, new Map([['msg_0', found]]));
    expect(body.input).toEqual([...stored.input, answer, found, { role: 'user', content: 'go on' }]);
  });

  test('a reference that nobody knows stays, so that its loss is named', () => {
    const input = [{ type: 'item_reference', id: 'gone' }];
    expect(withHistory({ input }, undefined).input).toEqual(input);
  });

  test('answers are kept unless the client says no', () => {
    expect(isStored({})).toBe(true);
    expect(isStored({ store: null })).toBe(true);
    expect(isStored({ store: false })).toBe(false);
    expect(toStored({}, {})).toBeUndefined();
  });

  test('the earlier answer is named by a text', () => {
    expect(previousResponseId({ previous_response_id: 'resp_1' })).toBe('resp_1');
    expect(previousResponseId({ previous_response_id: null })).toBeUndefined();
    expect(previousResponseId({ previous_response_id: '' })).toBeUndefined();
  });
});
