import type { Script, Step } from '../support/fake-servers/script.ts';
import { all, type Fault, faults } from '../support/fake-upstream.ts';

/** How a fault shows at the client when nobody else can answer. */
export type Showing =
  /** Nothing of an answer was sent: an error answer, or the next candidate. */
  | { readonly kind: 'fails'; readonly status: number; readonly code: string; readonly tries: number }
  /** The same, but another candidate would fare no better. */
  | { readonly kind: 'refuses'; readonly status: number; readonly code: string }
  /** This many whole events, then the error event. */
  | { readonly kind: 'breaks'; readonly events: number }
  /** It does no harm. */
  | { readonly kind: 'answers' };

export interface FaultRow {
  readonly name: string;
  readonly fault?: Fault;
  /** Nobody listens, or the name leads nowhere. */
  readonly place?: 'stopped' | 'nowhere';
  readonly whole: Showing;
  readonly stream: Showing;
  /** The fake stands still until time has passed (`timeout`), or until what it sent has arrived (`arrival`). */
  readonly stalls?: 'timeout' | 'arrival';
  readonly retryAfter?: string;
}

/** The last candidate is tried again: three times in all. It never had the request, or said itself that it failed. */
const passing = (status: number, code: string): Showing => ({ kind: 'fails', status, code, tries: 3 });
/** It is not: it would answer the same, or may have worked on the request. */
const lasting = (status: number, code: string): Showing => ({ kind: 'fails', status, code, tries: 1 });
const refused = (status: number): Showing => ({ kind: 'refuses', status, code: 'upstream_rejected' });
const breaks = (events: number): Showing => ({ kind: 'breaks', events });
const answers: Showing = { kind: 'answers' };

const both = (showing: Showing) => ({ whole: showing, stream: showing });
const openai = (message: string, type = 'invalid_request_error', code: string | null = null) => ({
  error: { message, type, param: null, code },
});

/**
 * The first `events` events, or half of a body, then a stall so that they arrive by themselves, then this end. What
 * comes in one piece with its own failure has not reached the client and may still be answered by somebody else.
 */
const brokenAfter =
  (events: number, ...end: Script): Fault =>
  (script, { personality }) => {
    const writes = script.flatMap((step) => (step.kind === 'write' ? [step.bytes] : []));
    const whole = Buffer.concat(writes);
    const isStream = script.some((step) => step.kind === 'head' && step.length === undefined);
    const sent = isStream ? writes.slice(0, events) : [whole.subarray(0, whole.length / 2)];
    const tail = end.length > 0 ? end : errorTail(personality.brokenTail('the model crashed'), isStream);
    return [...script.filter(({ kind }) => kind === 'head'), ...sent.map(written), { kind: 'stall' }, ...tail];
  };

/** The connection goes where the orderly end was. */
const unfinished: Fault = (script) =>
  script.flatMap((step): Script => {
    if (step.kind === 'end') return [{ kind: 'stall' }, { kind: 'close' }];
    return step.kind === 'head' && step.length !== undefined ? [{ ...step, length: step.length + 1 }] : [step];
  });

const written = (bytes: Buffer): Step => ({ kind: 'write', bytes });
const errorTail = (events: readonly string[], isStream: boolean): Script => [
  ...events.map((event) => written(Buffer.from(event))),
  { kind: isStream ? 'end' : 'close' },
];

/** The first event carries only the role, the second the first word, the third a character of two bytes. */
export const text = 'Plain Grüße 👋 to all of you';

export const faultRows: readonly FaultRow[] = [
  { name: 'connection refused', place: 'stopped', ...both(passing(502, 'upstream_connect')) },
  { name: 'host name that does not resolve', place: 'nowhere', ...both(passing(502, 'upstream_connect')) },
  { name: 'reset before headers', fault: faults.resetBeforeHeaders(), ...both(lasting(502, 'upstream_connect')) },
  { name: 'closed before headers', fault: faults.closeBeforeHeaders(), ...both(lasting(502, 'upstream_connect')) },
  { name: 'reset after headers', fault: faults.resetAfterHeaders(), ...both(lasting(502, 'upstream_failed')) },
  {
    name: 'reset after content',
    fault: brokenAfter(2, { kind: 'reset' }),
    stalls: 'arrival',
    whole: lasting(502, 'upstream_failed'),
    stream: breaks(2),
  },
  {
    name: 'killed after content',
    fault: brokenAfter(3, { kind: 'close' }),
    stalls: 'arrival',
    whole: lasting(502, 'upstream_failed'),
    stream: breaks(3),
  },
  { name: '400', fault: faults.status(400, openai('bad temperature')), ...both(refused(400)) },
  {
    name: '401',
    fault: faults.status(401, openai('Incorrect API key provided.')),
    ...both(lasting(502, 'upstream_unauthorized')),
  },
  { name: '403', fault: faults.status(403, openai('no access')), ...both(lasting(502, 'upstream_unauthorized')) },
  {
    name: '404 for the model',
    fault: faults.status(404, openai('The model does not exist.', 'invalid_request_error', 'model_not_found')),
    ...both(lasting(404, 'model_not_found')),
  },
  { name: '409', fault: faults.status(409), ...both(passing(409, 'upstream_busy')) },
  { name: '422', fault: faults.status(422), ...both(refused(422)) },
  { name: '429', fault: faults.status(429), ...both(passing(429, 'rate_limit_exceeded')) },
  {
    name: '429 with a long Retry-After',
    fault: faults.status(429, openai('slow down'), { 'Retry-After': '3600' }),
    ...both(lasting(429, 'rate_limit_exceeded')),
    retryAfter: '3600',
  },
  { name: '500', fault: faults.status(500, openai('boom', 'server_error')), ...both(passing(502, 'upstream_failed')) },
  { name: '503', fault: faults.status(503, 'Loading model'), ...both(passing(503, 'upstream_busy')) },
  { name: '529', fault: faults.status(529), ...both(passing(529, 'upstream_busy')) },
  {
    name: '200 with an error event first',
    fault: faults.errorEvent('the model crashed'),
    ...both(passing(502, 'upstream_failed')),
  },
  {
    name: '200 with an error event after content',
    fault: brokenAfter(3),
    stalls: 'arrival',
    whole: lasting(502, 'upstream_failed'),
    stream: breaks(3),
  },
  {
    name: '200 with an error event in one piece with the content',
    fault: all(faults.errorEvent('the model crashed', 3), faults.oneWrite()),
    ...both(passing(502, 'upstream_failed')),
  },
  { name: 'empty 200', fault: faults.emptyAnswer(), ...both(lasting(502, 'upstream_invalid')) },
  { name: 'end before content', fault: faults.endAfterEvents(1), ...both(lasting(502, 'upstream_invalid')) },
  {
    name: 'end before the finish reason',
    fault: faults.endAfterEvents(4),
    whole: lasting(502, 'upstream_invalid'),
    stream: breaks(4),
  },
  {
    name: 'orderly end inside a character',
    fault: faults.cutInCharacter('end'),
    whole: lasting(502, 'upstream_invalid'),
    stream: breaks(2),
  },
  {
    name: 'killed inside a character',
    fault: all(faults.cutInCharacter('end'), unfinished),
    stalls: 'arrival',
    whole: lasting(502, 'upstream_failed'),
    stream: breaks(2),
  },
  {
    name: 'silence before the headers',
    fault: faults.stallBeforeHeaders(),
    stalls: 'timeout',
    ...both(lasting(504, 'upstream_timeout')),
  },
  {
    name: 'silence after the headers',
    fault: faults.stallAfterHeaders(),
    stalls: 'timeout',
    ...both(lasting(504, 'upstream_timeout')),
  },
  {
    name: 'silence before the first token',
    fault: faults.stallAfterEvents(1),
    stalls: 'timeout',
    ...both(lasting(504, 'upstream_timeout')),
  },
  {
    name: 'signs of life before the first token and nothing else',
    fault: faults.commentsThenStall(3),
    stalls: 'timeout',
    ...both(lasting(504, 'upstream_timeout')),
  },
  {
    name: 'silence after the first token',
    fault: faults.stallAfterEvents(3),
    stalls: 'timeout',
    whole: lasting(504, 'upstream_timeout'),
    stream: breaks(3),
  },
  { name: 'malformed JSON', fault: faults.malformedJson(), ...both(lasting(502, 'upstream_invalid')) },
  {
    name: 'an answer that is no HTTP',
    fault: faults.bytes(Buffer.from('SSH-2.0-x\r\n')),
    ...both(lasting(502, 'upstream_invalid')),
  },
  { name: 'a huge event', fault: faults.hugeEvent(4 * 1024 * 1024), ...both(answers) },
  { name: 'an event too large to be held', fault: faults.hugeEvent(33 * 1024 * 1024), ...both(answers) },
  { name: 'an answer in single bytes', fault: faults.byteByByte(), ...both(answers) },
  { name: 'an answer in one piece', fault: faults.oneWrite(), ...both(answers) },
];
