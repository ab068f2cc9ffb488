import { expect, it } from 'vitest';
import { openingOf } from '../../../src/protocols/opening.ts';

const user = (content: string) => ({ role: 'user', content });
const said = { role: 'assistant', content: 'yes' };

it.each([
  ['chat', (turns: readonly object[]) => ({ messages: [{ role: 'system', content: 'Be brief.' }, ...turns] })],
  ['messages', (turns: readonly object[]) => ({ system: 'Be brief.', messages: turns })],
  ['responses', (turns: readonly object[]) => ({ instructions: 'Be brief.', input: turns })],
  [
    'gemini',
    (turns: readonly object[]) => ({ systemInstruction: { parts: [{ text: 'Be brief.' }] }, contents: turns }),
  ],
])('%s: a conversation begins alike however long it gets, and unlike any other', (_protocol, body) => {
  const opening = openingOf(body([user('hi')]));
  expect(openingOf({ ...body([user('hi'), said, user('more')]), temperature: 1 })).toBe(opening);
  expect(openingOf(body([user('ho')]))).not.toBe(opening);
  expect(openingOf({ ...body([user('hi')]), system: 'Be long.', instructions: 'Be long.' })).not.toBe(opening);
});

it('knows a text for the item that it becomes in a longer conversation', () => {
  const item = { type: 'message', role: 'user', content: 'hi' };
  expect(openingOf({ input: 'hi' })).toBe(openingOf({ input: [item, said, user('more')] }));
});

it.each([{}, { messages: [] }, { prompt: 'hi' }, { messages: 'hi' }, { messages: [said] }])('%j has none', (body) => {
  expect(['', openingOf({ messages: 'hi' })]).toContain(openingOf(body));
});
