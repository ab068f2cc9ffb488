import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import type { Endpoint } from '../../../src/core/model.ts';
import { Listings, modelsOf } from '../../../src/discovery/listings.ts';
import { createFakeClock } from '../../support/clock.ts';
import { declaredEndpoint } from './settings.ts';

const hosted = declaredEndpoint('https://api.example.com/v1', { isLocal: false, providerId: 'example' });

/** Listings over answers that the test gives one by one; `changes` counts what was announced. */
function ask(answers: (() => unknown)[]) {
  const clock = createFakeClock();
  const asked: Endpoint[] = [];
  const closing = new AbortController();
  let changes = 0;
  const listings = new Listings({
    clock,
    signal: closing.signal,
    fetchListing: async (endpoint) => {
      asked.push(endpoint);
      return answers.shift()?.();
    },
    onChange: () => {
      changes += 1;
    },
  });
  return { clock, asked, listings, closing, changes: () => changes };
}

const openAi = () => ({ object: 'list', data: [{ id: 'gpt-4o', created: 7 }] });

function fail(): never {
  throw new GatewayError('upstream_unauthorized', 'example refused our credential.');
}

describe('listings of hosted providers', () => {
  it('are asked at once and then every ten minutes', async () => {
    const { clock, asked, listings } = ask([openAi, openAi]);
    listings.set([hosted]);
    await clock.advanceAsync(0);
    expect(listings.all()).toMatchObject([{ providerId: 'example', models: [{ id: 'gpt-4o', created: 7 }] }]);
    await clock.advanceAsync(599_000);
    expect(asked).toHaveLength(1);
    await clock.advanceAsync(1_000);
    expect(asked).toHaveLength(2);
  });

  it('keep the models and the reason when a later question fails, and ask again after 30 s, a minute, two', async () => {
    const { clock, asked, listings } = ask([openAi, fail, fail, openAi]);
    listings.set([hosted]);
    await clock.advanceAsync(600_000);
    expect(listings.all()).toMatchObject([{ models: [{ id: 'gpt-4o' }], error: 'example refused our credential.' }]);
    await clock.advanceAsync(29_000);
    expect(asked).toHaveLength(2);
    await clock.advanceAsync(1_000);
    expect(asked).toHaveLength(3);
    await clock.advanceAsync(60_000);
    expect(listings.all()[0]?.error).toBeUndefined();
  });

  it('of a hundred thousand models are cut, and say so', async () => {
    const data = Array.from({ length: 100_000 }, (_, at) => ({ id: `m${at}` }));
    const { clock, listings } = ask([() => ({ object: 'list', data })]);
    listings.set([hosted]);
    await clock.advanceAsync(0);
    const [listing] = listings.all();
    expect([listing?.models.length, listing?.models.at(-1)?.id]).toEqual([10_000, 'm9999']);
    expect(listing?.error).toBe('lists 100000 models, of which the first 10000 are used');
  });

  it('are kept over a reload, asked anew for another key, and dropped with their provider', async () => {
    const { clock, asked, listings, changes } = ask([openAi, openAi]);
    listings.set([hosted]);
    await clock.advanceAsync(0);
    listings.set([{ ...hosted }]);
    await clock.advanceAsync(0);
    expect([asked.length, changes()]).toEqual([1, 1]);
    expect(listings.all()[0]?.models).toHaveLength(1);
    listings.set([]);
    expect(listings.all()).toEqual([]);
    expect(clock.pending).toEqual([]);
  });

  it('read what OpenAI, Gemini, Together and OpenRouter send', () => {
    const ids = (body: unknown) => modelsOf(body).map(({ id, context, type }) => ({ id, context, type }));
    expect(ids({ models: [{ name: 'models/gemini-2.5-pro', inputTokenLimit: 1_048_576 }] })).toEqual([
      { id: 'gemini-2.5-pro', context: 1_048_576, type: 'unknown' },
    ]);
    expect(ids([{ id: 'meta/llama', type: 'chat', context_length: 131_072 }])).toEqual([
      { id: 'meta/llama', context: 131_072, type: 'chat' },
    ]);
    expect(() => modelsOf({ error: 'no' })).toThrow('not a list of models');
  });
});
