import type { FakeRequest, Personality } from './personality.ts';
import { json, type Script, type Step } from './script.ts';

export interface FaultContext {
  readonly request: FakeRequest;
  readonly personality: Personality;
}

/** Rewrites the answer to one request. Faults combine: `all(faults.crlf(), faults.endEarly())`. */
export type Fault = (script: Script, context: FaultContext) => Script;

export function all(...faults: readonly Fault[]): Fault {
  return (script, context) => faults.reduce((result, fault) => fault(result, context), script);
}

type Head = Extract<Step, { kind: 'head' }>;

function headOf(script: Script): Head {
  const head = script.find((step): step is Head => step.kind === 'head');
  return head ?? { kind: 'head', status: 200, headers: {}, length: undefined };
}

function writesOf(script: Script): readonly Buffer[] {
  return script.flatMap((step) => (step.kind === 'write' ? [step.bytes] : []));
}

function isStream(script: Script): boolean {
  return headOf(script).length === undefined;
}

/**
 * The first `events` writes of a stream, or half of a body: what has been sent when the fault strikes. The count
 * includes the first event, which carries only the role.
 */
function sentBefore(script: Script, events: number): readonly Step[] {
  const writes = writesOf(script);
  const whole = Buffer.concat([...writes]);
  const sent = isStream(script) ? writes.slice(0, events) : [whole.subarray(0, Math.ceil(whole.length / 2))];
  return sent.map((bytes) => ({ kind: 'write', bytes }) as const);
}

function restAfter(script: Script, events: number): readonly Step[] {
  const writes = writesOf(script);
  const whole = Buffer.concat([...writes]);
  const rest = isStream(script) ? writes.slice(events) : [whole.subarray(Math.ceil(whole.length / 2))];
  return rest.map((bytes) => ({ kind: 'write', bytes }) as const);
}

/** An orderly HTTP answer with these writes: a fixed length is corrected. */
function withWrites(script: Script, writes: readonly Buffer[]): Script {
  const head = headOf(script);
  const length = head.length === undefined ? undefined : writes.reduce((sum, bytes) => sum + bytes.length, 0);
  return [{ ...head, length }, ...writes.map((bytes) => ({ kind: 'write', bytes }) as const), { kind: 'end' }];
}

function mapWrites(script: Script, change: (bytes: Buffer) => readonly Buffer[]): Script {
  return withWrites(script, writesOf(script).flatMap(change));
}

function beforeWrites(script: Script, inserted: Step): Script {
  return script.flatMap((step): readonly Step[] => (step.kind === 'write' ? [inserted, step] : [step]));
}

/** Strings as they are, anything else as JSON. */
function status(
  code: number,
  content: unknown = { error: { message: `status ${code}` } },
  headers: Readonly<Record<string, string>> = {},
): Fault {
  if (typeof content !== 'string') return () => json(code, content, headers);
  const bytes = Buffer.from(content);
  return () => [
    { kind: 'head', status: code, headers, length: bytes.length },
    ...(bytes.length > 0 ? [{ kind: 'write', bytes } as const] : []),
    { kind: 'end' },
  ];
}

/** Offset just inside the first character of several bytes; the middle where there is none. */
function insideCharacter(bytes: Buffer): number {
  const lead = bytes.findIndex((byte) => byte >= 0xc0);
  return lead === -1 ? Math.ceil(bytes.length / 2) : lead + 1;
}

function huge(script: Script, size: number): Script {
  const filler = 'x'.repeat(size);
  let isDone = false;
  const grown = writesOf(script).map((bytes) => {
    if (isDone || !bytes.includes('"content":"') || bytes.includes('"content":""')) return bytes;
    isDone = true;
    return Buffer.from(bytes.toString().replace('"content":"', `"content":"${filler}`));
  });
  return withWrites(script, grown);
}

/** Every fault on command. Counts of events include the first one, which carries only the role. */
export const faults = {
  status,
  /** 200 with this JSON instead of the answer: an error, or something foreign. */
  jsonAnswer:
    (value: unknown): Fault =>
    () =>
      json(200, value),
  /** These bytes straight on the socket, then FIN. */
  bytes:
    (raw: Buffer): Fault =>
    () => [{ kind: 'raw', bytes: raw }, { kind: 'close' }],
  script:
    (steps: Script): Fault =>
    () =>
      steps,

  resetBeforeHeaders: (): Fault => () => [{ kind: 'reset' }],
  closeBeforeHeaders: (): Fault => () => [{ kind: 'close' }],
  resetAfterHeaders: (): Fault => (script) => [headOf(script), { kind: 'reset' }],
  /** Within a body: half of it is sent. */
  resetAfterEvents:
    (events = 2): Fault =>
    (script) => [headOf(script), ...sentBefore(script, events), { kind: 'reset' }],
  /** As a killed process: FIN with the framing unfinished. */
  closeAfterEvents:
    (events = 2): Fault =>
    (script) => [headOf(script), ...sentBefore(script, events), { kind: 'close' }],
  /** A perfect HTTP end before the finish reason; half of a JSON body. */
  endAfterEvents:
    (events = 2): Fault =>
    (script) =>
      withWrites(script, writesOf([...sentBefore(script, events)])),
  /** 200 and nothing in it, with the content type of the answer. */
  emptyAnswer: (): Fault => (script) => withWrites(script, []),

  /** The server's own way to fail within a stream after `events` good ones. A body becomes that error as JSON. */
  errorEvent:
    (message = 'the model crashed', events = 0): Fault =>
    (script, { personality }) => {
      if (!isStream(script)) return json(200, { error: { message, type: 'server_error' } });
      const tail = personality.brokenTail(message).map((event) => Buffer.from(event));
      return withWrites(script, [...writesOf(script).slice(0, events), ...tail]);
    },
  /** Valid HTTP, invalid JSON: in the second event of a stream, or at the end of a body. */
  malformedJson: (): Fault => (script) => {
    const writes = writesOf(script);
    const broken = isStream(script) ? Buffer.from('data: {"choices":[{"delta":\n\n') : Buffer.from('{"choices":[');
    return withWrites(script, isStream(script) ? [...writes.slice(0, 1), broken, ...writes.slice(1)] : [broken]);
  },
  /** Cut inside a character of several bytes; `end` is orderly HTTP, `close` is not. */
  cutInCharacter:
    (how: 'end' | 'close' | 'reset' = 'close'): Fault =>
    (script) => {
      const whole = Buffer.concat([...writesOf(script)]);
      const bytes = whole.subarray(0, insideCharacter(whole));
      if (how === 'end') return withWrites(script, [bytes]);
      return [headOf(script), { kind: 'write', bytes }, { kind: how }];
    },

  /** Silence until `release()`, then the answer goes on. */
  stallBeforeHeaders: (): Fault => (script) => [{ kind: 'stall' }, ...script],
  stallAfterHeaders: (): Fault => (script) => [headOf(script), { kind: 'stall' }, ...script.slice(1)],
  stallAfterEvents:
    (events = 2): Fault =>
    (script) => [
      headOf(script),
      ...sentBefore(script, events),
      { kind: 'stall' },
      ...restAfter(script, events),
      { kind: 'end' },
    ],
  /** Every event waits for a `release()` of its own. */
  stepwise: (): Fault => (script) => beforeWrites(script, { kind: 'stall' }),
  /** Real time between events, for load; not for assertions about order. */
  paced:
    (gapMs: number): Fault =>
    (script) =>
      beforeWrites(script, { kind: 'pause', ms: gapMs }),

  /** The first text is `size` bytes longer. */
  hugeEvent:
    (size = 4 * 1024 * 1024): Fault =>
    (script) =>
      huge(script, size),
  /** Every byte in a write, and an HTTP chunk, of its own. */
  byteByByte: (): Fault => (script) =>
    mapWrites(script, (bytes) => Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))),
  /** All events in one write. */
  oneWrite: (): Fault => (script) => withWrites(script, [Buffer.concat([...writesOf(script)])]),
  /** Line ends of events as CRLF. JSON has no raw line ends, so bodies keep theirs. */
  crlf: (): Fault => (script) =>
    mapWrites(script, (bytes) => [Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1')]),
  /** Comment lines before every event. */
  comments:
    (count = 1): Fault =>
    (script) =>
      isStream(script)
        ? mapWrites(script, (bytes) => [...Array.from({ length: count }, () => Buffer.from(': ping\n\n')), bytes])
        : script,
  /** Only comments, and then silence until `release()`: the process lives, the model does not. */
  commentsThenStall:
    (count = 3): Fault =>
    (script) => [
      headOf(script),
      ...Array.from({ length: count }, () => ({ kind: 'write', bytes: Buffer.from(': ping\n\n') }) as const),
      { kind: 'stall' },
      ...script.slice(1),
    ],
} as const;
