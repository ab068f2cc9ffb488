import { beforeEach, expect, test } from 'vitest';
import { Departure } from '../../../src/core/departure.ts';
import { GatewayError } from '../../../src/core/errors.ts';
import { EventBus } from '../../../src/core/events.ts';
import { MemoryBudget } from '../../../src/core/memory-budget.ts';
import type { AnswerTap, UpstreamAnswer } from '../../../src/gateway/answer-tap.ts';
import { Delivery } from '../../../src/gateway/delivery.ts';
import type { Exchange, Reply } from '../../../src/gateway/exchange.ts';
import { Trail } from '../../../src/gateway/trail.ts';
import { inbound as chatInbound } from '../../../src/protocols/openai-chat/inbound.ts';
import { createFakeClock, type FakeClock } from '../../support/clock.ts';
import { target } from '../protocols/openai-responses/samples.ts';

let clock: FakeClock;
let sent: string[];
let told: string[];

beforeEach(() => {
  clock = createFakeClock();
  sent = [];
  told = [];
});

const tap: AnswerTap = {
  begin: ({ candidate, status }) => told.push(`begin ${candidate.endpoint.providerId} ${status}`),
  chunk: (chunk) => told.push(`chunk ${chunk}`),
  complete: ({ json, usage }) => told.push(`complete ${JSON.stringify(json)} ${usage?.output}`),
  broken: (error) => told.push(`broken ${error?.code}`),
};

function delivery(stream: boolean): Delivery {
  const reply: Reply = {
    isStarted: false,
    start: (status) => sent.push(`start ${status}`),
    write: (chunk) => sent.push(`write ${chunk}`) > 0,
    onDrain: () => {},
    end: (chunk) => sent.push(`end ${chunk ?? ''}`),
    abort: () => sent.push('abort'),
    send: (status, _headers, body) => sent.push(`send ${status} ${body}`),
  };
  const exchange: Exchange = {
    id: 'r1',
    method: 'POST',
    path: '/v1/chat/completions',
    rawHeaders: [],
    headers: {},
    inbound: chatInbound,
    route: { query: new URLSearchParams(), headers: {} },
    body: Buffer.alloc(0),
    json: {},
    key: undefined,
    reply,
    departure: new Departure(),
    startedAt: 0,
    memory: new MemoryBudget(() => 1024 * 1024).share(),
    trail: new Trail({ clock, events: new EventBus() }, { requestId: 'r1', startedAt: 0 }),
  };
  const plan = { kind: 'in-turn' as const, strategy: 'priority', candidates: [] };
  return new Delivery({
    clock,
    exchange,
    dialect: 'x-router-',
    requestedModel: 'm',
    plan,
    stream,
    keepAliveMs: 1_000,
    tap,
    cost: () => undefined,
  });
}

const head: UpstreamAnswer = { candidate: target(), status: 200, headers: {}, drops: [] };
const usage = { input: 1, output: 2 };
const { providerId } = head.candidate.endpoint;

test('a tap sees a stream as the client gets it, and its end once', () => {
  const one = delivery(true);
  one.startStream(head, 'text/event-stream');
  one.write('a');
  one.write('b');
  one.end(usage, { all: 1 });
  one.close();
  expect(told).toEqual([`begin ${providerId} 200`, 'chunk a', 'chunk b', 'complete {"all":1} 2']);
  expect(sent).toEqual(['start 200', 'write a', 'write b', 'end ']);
});

test('a tap sees a whole answer before the client can act on it', () => {
  const one = delivery(false);
  one.sendAnswer(head, { body: '{}', json: {}, usage });
  one.close();
  expect(told).toEqual([`begin ${providerId} 200`, 'chunk {}', 'complete {} 2']);
  expect(sent).toEqual(['send 200 {}']);
});

test('a tap is told of a break and of a client that left, and of nothing where nobody answered', () => {
  const broken = delivery(true);
  broken.startStream(head, 'text/event-stream', { errorEvent: () => 'sorry' });
  broken.write('a');
  broken.breakOff(new GatewayError('stream_broken', 'gone'));
  broken.close();
  expect(told.splice(0)).toEqual([`begin ${providerId} 200`, 'chunk a', 'broken stream_broken']);
  expect(sent.at(-1)).toBe('end sorry');
  const left = delivery(true);
  left.startStream(head, 'text/event-stream');
  left.close();
  expect(told.splice(0)).toEqual([`begin ${providerId} 200`, 'broken undefined']);
  const unanswered = delivery(true);
  clock.advance(1_000);
  unanswered.breakOff(new GatewayError('upstream_failed', 'no'));
  unanswered.close();
  expect(told).toEqual([]);
});
