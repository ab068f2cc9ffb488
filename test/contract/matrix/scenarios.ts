import { expect } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import { lastBody, listen, listenToBreak, listenToRefusal, type Pair } from './exchange.ts';
import {
  type Answer,
  type Ask,
  type Call,
  type Failure,
  type Heard,
  retryAfterSeconds,
  type Tool,
} from './vocabulary.ts';

export type Scenario = (pair: Pair) => Promise<void>;

const words = 'Über Zürich is the sky blue, 👋 and the lake lies calm.';
const thoughts = 'They ask for the weather, so I look out of the window.';

const weather: Tool = {
  name: 'get_weather',
  description: 'Weather of a city',
  parameters: { type: 'object', properties: { city_name: { type: 'string' } }, required: ['city_name'] },
};
const clock: Tool = {
  name: 'get_time',
  description: 'Time in a zone',
  parameters: { type: 'object', properties: { zone_name: { type: 'string' } }, required: ['zone_name'] },
};
const tools = [weather, clock];
const calls: readonly Call[] = [
  { id: 'call_rome_1', name: 'get_weather', input: { city_name: 'Roma' } },
  { id: 'call_zone_2', name: 'get_time', input: { zone_name: 'Europe/Zürich' } },
];

/** A red dot. */
const image = {
  mediaType: 'image/png',
  base64:
    'iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==',
};

const schema = {
  type: 'object',
  properties: { capital_city: { type: 'string' } },
  required: ['capital_city'],
  additionalProperties: false,
};

type Extras = Omit<Partial<Ask>, 'model' | 'turns'>;

function ask(pair: Pair, extras: Extras = {}): Ask {
  return {
    model: pair.model,
    stream: false,
    turns: [
      { role: 'system', text: 'You answer briefly.' },
      { role: 'user', text: 'What do you see?' },
    ],
    ...extras,
  };
}

/** Where the client's protocol has no ids, the calls' order and names must do. */
export function sameCalls(pair: Pair, heard: readonly Call[], expected: readonly Call[]): void {
  const known = pair.client.hasCallIds ? expected : expected.map((call) => ({ ...call, id: '' }));
  expect(heard).toEqual(known);
}

function text(stream: boolean): Scenario {
  return async (pair) => {
    const heard = await listen(pair, ask(pair, { stream }), { text: words });
    expect(heard.text).toBe(words);
    expect(heard.finish).toBe('stop');
    expect(JSON.stringify(lastBody(pair))).toContain('What do you see?');
    expect(JSON.stringify(lastBody(pair))).toContain('You answer briefly.');
  };
}

function toolCalls(stream: boolean): Scenario {
  return async (pair) => {
    const heard = await listen(pair, ask(pair, { stream, tools }), { calls });
    sameCalls(pair, heard.calls, calls);
    expect(heard.finish).toBe('tool-calls');
    const sent = JSON.stringify(lastBody(pair));
    for (const word of ['get_weather', 'Weather of a city', 'city_name', 'zone_name']) expect(sent).toContain(word);
  };
}

const picture: Scenario = async (pair) => {
  const turns: Ask['turns'] = [{ role: 'user', text: 'What do you see?', image }];
  const heard = await listen(pair, { ...ask(pair), turns }, { text: words });
  expect(heard.text).toBe(words);
  const sent = JSON.stringify(lastBody(pair));
  expect(sent).toContain(image.base64);
  expect(sent).toMatch(/png/);
};

function reasoning(stream: boolean): Scenario {
  return async (pair) => {
    const heard = await listen(pair, ask(pair, { stream, reasoning: true }), { reasoning: thoughts, text: words });
    expect(heard.reasoning).toBe(thoughts);
    expect(heard.text).toBe(words);
    expect(JSON.stringify(lastBody(pair))).toMatch(pair.row.asksReasoning);
  };
}

/** Whole and streamed: an answer that a limit cut is an answer, and says so. */
const cutByLimit: Scenario = async (pair) => {
  for (const stream of [false, true]) {
    const heard = await listen(pair, ask(pair, { stream }), { text: words, isCut: true });
    expect(heard.text).toBe(words);
    expect(heard.finish).toBe('length');
  }
};

const structured: Scenario = async (pair) => {
  const answer = '{"capital_city":"Bern"}';
  const heard = await listen(pair, ask(pair, { schema }), { text: answer });
  expect(heard.text).toBe(answer);
  expect(JSON.stringify(lastBody(pair))).toContain('capital_city');
};

/** Asked for a stream, a failure before its first byte is the same plain error. */
function refusal(status: 400 | 429 | 500): Scenario {
  return async (pair) => {
    // A wait that is longer than the router's own patience is the client's; of a request that is wrong nothing changes.
    const isFinal = status === 400 || (status === 429 && pair.row.tellsRetryAfter);
    const tries = isFinal ? 1 : configSchema.parse({}).routing.retry.max_retries + 1;
    const message = `the fake says ${status} today`;
    const answer: Answer = { failure: { kind: 'status', status, message } };
    for (const stream of [false, true]) {
      const refused = await listenToRefusal(pair, ask(pair, { stream }), { answer, tries });
      expect(refused.status).toBe(status === 500 ? 502 : status);
      expect(refused.message).toContain(message);
      if (status === 429 && isFinal) expect(refused.retryAfter).toBe(`${retryAfterSeconds}`);
    }
  };
}

function breakage(failure: Failure): Scenario {
  return async (pair) => {
    const heard = await listenToBreak(pair, ask(pair, { stream: true }), { text: words, failure });
    expect(heard.heard).toBeUndefined();
    expect(heard.text).not.toBe('');
    expect(words.startsWith(heard.text)).toBe(true);
    expect(heard.error).toBeTruthy();
    if ('message' in failure) expect(heard.error).toContain(failure.message);
  };
}

/** Details are compared where both sides have a word for them. */
function sameUsage(pair: Pair, usage: Heard['usage']): void {
  const told = pair.row.tells;
  expect(usage).toMatchObject({ input: told.input, output: told.output });
  for (const detail of ['cached', 'reasoning'] as const)
    if (usage?.[detail] !== undefined && told[detail] !== undefined) expect(usage[detail]).toBe(told[detail]);
}

const usage: Scenario = async (pair) => {
  for (const stream of [false, true]) {
    const heard = await listen(pair, ask(pair, { stream }), { text: words });
    sameUsage(pair, heard.usage);
  }
};

/** Every pair goes through all of these. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  text: text(false),
  stream: text(true),
  tools: toolCalls(false),
  'streamed tools': toolCalls(true),
  image: picture,
  reasoning: reasoning(false),
  'streamed reasoning': reasoning(true),
  structured,
  'token limit': cutByLimit,
  'error 400': refusal(400),
  'error 429': refusal(429),
  'error 500': refusal(500),
  'error event': breakage({ kind: 'error-event', message: 'the model fell over' }),
  cut: breakage({ kind: 'cut' }),
  'early end': breakage({ kind: 'early-end' }),
  usage,
};
