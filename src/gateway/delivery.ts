import type { Clock, Timer } from '../core/clock.ts';
import type { GatewayError } from '../core/errors.ts';
import type { AttemptRecord } from '../core/events.ts';
import type { Candidate, Plan, Usage } from '../core/model.ts';
import type { ErrorFacts, Framing, JsonObject } from '../protocols/protocol.ts';
import { forwardedResponseHeaders } from '../transport/headers.ts';
import type { KeptAnswer } from './answer-cache.ts';
import { type AnswerFacts, addAnswerHeaders, answerComment, answerHeaders } from './answer-headers.ts';
import type { AnswerTap, UpstreamAnswer } from './answer-tap.ts';
import type { EncodedAnswer } from './channel.ts';
import type { Exchange, RoutingHeaders } from './exchange.ts';
import { streamTypes } from './stream-types.ts';

/** How an answer that has begun ends when it breaks; undefined leaves it to the protocol's usual error event. */
export interface Ending {
  errorEvent(error: GatewayError, facts: ErrorFacts): string | undefined;
}

export interface DeliveryInput {
  readonly clock: Clock;
  readonly exchange: Exchange;
  readonly dialect: RoutingHeaders['prefix'];
  readonly requestedModel: string;
  readonly plan: Plan;
  readonly stream: boolean;
  /** Silence after which a waiting stream is shown that we live. Milliseconds. */
  readonly keepAliveMs: number;
  readonly tap: AnswerTap | undefined;
  readonly cost: (candidate: Candidate, usage: Usage | undefined) => number | undefined;
}

/** The only writer of one exchange's reply. Knows whether headers are out and in what shape an error may still go. */
export class Delivery {
  readonly #input: DeliveryInput;
  /** Of a stream towards the client. */
  readonly framing: Framing;
  #keepAlive: Timer | undefined;
  #isEarly = false;
  /** Of the stream that the client is getting, which knows its own state. */
  #ending: Ending | undefined;
  /** Undefined before the answer begins and after it ended. */
  #tap: AnswerTap | undefined;

  constructor(input: DeliveryInput) {
    this.#input = input;
    this.framing = input.exchange.inbound.framing(input.exchange.route);
    if (input.stream && input.keepAliveMs > 0) this.#armKeepAlive();
  }

  /** Milliseconds since the request came. */
  elapsedMs(): number {
    return this.sinceStart(this.#input.clock.monotonic());
  }

  sinceStart(monotonicMs: number): number {
    return monotonicMs - this.#input.exchange.startedAt;
  }

  /** Headers of a streamed answer; content follows by `write`. */
  startStream(answer: UpstreamAnswer, contentType: string, ending?: Ending): void {
    this.#keepAlive?.cancel();
    this.#ending = ending;
    this.#begin(answer);
    const facts = this.#facts(answer);
    if (this.#isEarly) {
      if (this.framing === 'sse' && this.#input.exchange.inbound.takesComments !== false)
        this.#input.exchange.reply.write(answerComment(facts));
      return;
    }
    this.#startHead(answer.status, contentType, addAnswerHeaders(withoutContentType(answer.headers), facts));
  }

  /** Headers of an answer that is too large to be held; its length is the upstream's business. */
  startAnswer(answer: UpstreamAnswer): void {
    this.#begin(answer);
    const headers = addAnswerHeaders(forwardedResponseHeaders(answer.headers), this.#facts(answer));
    this.#input.exchange.reply.start(answer.status, headers);
  }

  /** A whole answer at once. */
  sendAnswer(head: UpstreamAnswer, { body, json, usage }: EncodedAnswer): void {
    this.#keepAlive?.cancel();
    const answer = { ...head, usage };
    const isLabelled = saysJson.test(String(answer.headers['content-type']));
    const forwarded = isLabelled ? forwardedResponseHeaders(answer.headers) : withoutContentType(answer.headers);
    const headers = addAnswerHeaders(forwarded, this.#facts(answer));
    // It was read as JSON, and clients that are told otherwise hand it on as text.
    if (!isLabelled) headers.push('content-type', 'application/json');
    this.#begin(answer);
    this.#tap?.chunk(body);
    this.#complete(json, usage);
    this.#input.exchange.reply.send(answer.status, headers, body);
  }

  /** An answer that an equal request got before. Nothing of it is new: no tap hears it, and it costs nothing. */
  sendKept({ candidate, contentType, body }: KeptAnswer, ageMs: number): void {
    this.#keepAlive?.cancel();
    const { stream, exchange } = this.#input;
    const type = stream ? streamTypes[this.framing] : (contentType ?? 'application/json');
    const facts = { ...this.#facts({ candidate, status: 200, headers: {}, drops: [] }), cost: 0 };
    const head = ['content-type', type, 'age', String(Math.floor(ageMs / 1_000))];
    exchange.reply.send(200, addAnswerHeaders(head, facts), body);
  }

  write(chunk: Buffer | string): boolean {
    this.#tap?.chunk(chunk);
    return this.#input.exchange.reply.write(chunk);
  }

  onDrain(listener: () => void): void {
    this.#input.exchange.reply.onDrain(listener);
  }

  /** The answer is complete; `json` is all of it, where it is known in one piece. */
  end(usage: Usage | undefined, json?: JsonObject): void {
    this.#complete(json, usage);
    this.#input.exchange.reply.end();
  }

  /** Ends a stream that broke: the protocol's error event, and no end marker. */
  breakOff(error: GatewayError): void {
    this.#keepAlive?.cancel();
    this.#break(error);
    const { exchange } = this.#input;
    if (!this.#input.stream) return exchange.reply.abort();
    const facts = { requestId: exchange.id, attempts: attemptFacts(exchange.trail.attempts) };
    const text =
      this.#ending?.errorEvent(error, facts) ?? exchange.inbound.errors.streamEvent(error, facts, this.framing);
    exchange.reply.end(text);
  }

  /** Nothing more comes. Safe to repeat. */
  close(): void {
    this.#keepAlive?.cancel();
    this.#break(undefined);
  }

  #begin(answer: UpstreamAnswer): void {
    this.#input.exchange.trail.drops = answer.drops;
    this.#tap = this.#input.tap;
    this.#tap?.begin(answer);
  }

  #complete(json: JsonObject | undefined, usage: Usage | undefined): void {
    this.#tap?.complete({ json, usage });
    this.#tap = undefined;
  }

  #break(error: GatewayError | undefined): void {
    this.#tap?.broken(error);
    this.#tap = undefined;
  }

  #facts(answer: UpstreamAnswer): AnswerFacts {
    const { exchange, dialect, requestedModel, plan, cost } = this.#input;
    return {
      exchange,
      dialect,
      requestedModel,
      plan,
      candidate: answer.candidate,
      latencyMs: this.elapsedMs(),
      cost: answer.usage === undefined ? undefined : cost(answer.candidate, answer.usage),
      drops: answer.drops,
    };
  }

  #startHead(status: number, contentType: string, headers: readonly string[]): void {
    this.#input.exchange.reply.start(status, ['content-type', contentType, 'cache-control', 'no-cache', ...headers]);
  }

  #armKeepAlive(): void {
    this.#keepAlive = this.#input.clock.setTimer(this.#input.keepAliveMs, () => {
      if (!this.#isEarly) this.#startEarly();
      this.#input.exchange.reply.write(this.#input.exchange.inbound.keepAlive(this.framing));
      this.#armKeepAlive();
    });
  }

  /** No upstream answers yet, but a client that sees nothing gives up: a loading model can take minutes. */
  #startEarly(): void {
    const { exchange, dialect, requestedModel, plan } = this.#input;
    this.#isEarly = true;
    const facts = {
      exchange,
      dialect,
      requestedModel,
      plan,
      candidate: undefined,
      latencyMs: this.elapsedMs(),
    };
    this.#startHead(200, streamTypes[this.framing], answerHeaders(facts));
  }
}

/** An attempt as clients are told of it. Times in milliseconds; `queued_ms` is left out where it did not wait. */
export interface AttemptFact {
  readonly provider: string;
  readonly code: string;
  readonly ms: number;
  readonly queued_ms?: number;
}

export function attemptFacts(attempts: readonly AttemptRecord[]): AttemptFact[] {
  return attempts.map(({ provider, code, durationMs, queueMs }) => ({
    provider,
    code,
    ms: Math.round(durationMs),
    ...(queueMs === 0 ? {} : { queued_ms: Math.round(queueMs) }),
  }));
}

const saysJson = /^application\/(?:[\w.-]+\+)?json\b/i;

/** A stream's type is ours to say, and its caching too. */
function withoutContentType(headers: UpstreamAnswer['headers']): string[] {
  const list = forwardedResponseHeaders(headers);
  const kept: string[] = [];
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = list[i] as string;
    if (name !== 'content-type' && name !== 'cache-control') kept.push(name, list[i + 1] as string);
  }
  return kept;
}
