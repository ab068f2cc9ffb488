import type { Batch } from '../core/batch.ts';
import type { Clock } from '../core/clock.ts';
import type { Departure } from '../core/departure.ts';
import { GatewayError } from '../core/errors.ts';
import { HeldCount, type MemoryShare } from '../core/memory-budget.ts';
import type { Candidate, Usage } from '../core/model.ts';
import type { TimeLimit, TimeLimits } from '../core/time-limits.ts';
import type { Reach } from '../transport/address.ts';
import type { Transport } from '../transport/client.ts';
import { encodingsOf, streamDecoders } from '../transport/content-encoding.ts';
import type { AnswerHandler, Sending } from '../transport/upstream-pool.ts';
import type { Answer, AnswerHost, Flow } from './answer.ts';
import type { UpstreamAnswer } from './answer-tap.ts';
import { BytesAnswer } from './bytes-answer.ts';
import type { Delivery } from './delivery.ts';
import { ErrorAnswer } from './error-answer.ts';
import { FirstBytes } from './first-bytes.ts';
import type { Prepared } from './prepared.ts';
import { Silence } from './silence.ts';
import { UnpackedAnswer } from './unpacked-answer.ts';
import { givesUp, type Loss, lossError, type Place, type Waiter } from './waiting.ts';
import { WholeAnswer } from './whole-answer.ts';

export type AttemptOutcome =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly usage: Usage | undefined;
      readonly firstTokenMs: number | undefined;
    }
  /** Nothing of an answer has reached the client; another candidate may be tried. */
  | { readonly kind: 'failed'; readonly error: GatewayError; readonly status: number | undefined }
  /** The client has part of an answer; its stream was ended with an error event. */
  | {
      readonly kind: 'broken';
      readonly error: GatewayError;
      readonly status: number | undefined;
      readonly usage: Usage | undefined;
    }
  | { readonly kind: 'client-closed'; readonly status: number | undefined; readonly usage: Usage | undefined };

export interface AttemptDeps {
  readonly clock: Clock;
  readonly limits: TimeLimits;
  readonly batch: Batch;
  readonly transport: Transport;
}

export interface AttemptInput {
  readonly candidate: Candidate;
  readonly prepared: Prepared;
  readonly stream: boolean;
  readonly delivery: Delivery;
  readonly departure: Departure;
  readonly memory: MemoryShare;
  /** Monotonic time by which the whole request must have ended; undefined: without a limit. */
  readonly deadline: number | undefined;
  /** Where its server is, to be told when that is found down. */
  readonly place: Place;
  /** No other candidate is left that could answer. */
  readonly isLastHope: boolean;
  /** Whether this attempt's answer may be the client's: true for one of the attempts of a request. */
  readonly claim: () => boolean;
  /** The upstream is being asked, which begins with connecting to it. */
  readonly onSent: () => void;
  /** How far its connection may go. */
  readonly limit: Reach;
  /** The request goes out on a connection, this far. */
  readonly onConnected: (reach: Reach) => void;
}

/** How long the body of an error may take to arrive. Milliseconds. */
const errorBodyMs = 5_000;

/** One try of one candidate, from the first byte sent to the last byte relayed. Settles exactly once. */
export class Attempt implements AnswerHandler, AnswerHost, Waiter {
  readonly #deps: AttemptDeps;
  readonly #input: AttemptInput;
  readonly #resolve: (outcome: AttemptOutcome) => void;
  #sending: Sending | undefined;
  /** What is held back when the client reads slowly; the sending itself when undefined. */
  #flow: Flow | undefined;
  #head: UpstreamAnswer | undefined;
  #answer: Answer | undefined;
  #isCommitted = false;
  #isOver = false;
  /** Until the answer begins; a stream has a watch on its silence then. */
  #limit: TimeLimit | undefined;
  #silence: Silence | undefined;
  #isPaused = false;
  since = 0;
  link: Waiter['link'];
  readonly #held: HeldCount;
  readonly #onLeave = () => this.#clientLeft();

  private constructor(deps: AttemptDeps, input: AttemptInput, resolve: (outcome: AttemptOutcome) => void) {
    this.#deps = deps;
    this.#input = input;
    this.#resolve = resolve;
    this.#held = new HeldCount(input.memory);
  }

  static run(deps: AttemptDeps, input: AttemptInput): Promise<AttemptOutcome> {
    return new Promise((resolve) => {
      const attempt = new Attempt(deps, input, resolve);
      attempt.#start();
    });
  }

  get clock(): Clock {
    return this.#deps.clock;
  }

  get batch(): Batch {
    return this.#deps.batch;
  }

  get prepared(): Prepared {
    return this.#input.prepared;
  }

  get delivery(): Delivery {
    return this.#input.delivery;
  }

  get isStreamed(): boolean {
    return this.#input.stream;
  }

  get head(): UpstreamAnswer {
    if (this.#head === undefined) throw new Error('the answer has not begun');
    return this.#head;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get isCommitted(): boolean {
    return this.#isCommitted;
  }

  onConnected(reach: Reach): void {
    this.#input.onConnected(reach);
  }

  onHeaders(status: number, headers: UpstreamAnswer['headers']): void {
    const { candidate, prepared, stream, place } = this.#input;
    place.heardAt = this.#deps.clock.monotonic();
    this.#head = { candidate, status, headers, drops: prepared.drops };
    if (status < 200 || status > 299) this.#answer = this.#errorAnswer();
    else if (stream) this.#answer = this.#streamedAnswer(headers);
    else this.#answer = prepared.isBytes(headers) ? new BytesAnswer(this) : new WholeAnswer(this);
  }

  onData(chunk: Buffer): void {
    if (!this.#isOver) this.#answer?.push(chunk);
  }

  onEnd(): void {
    if (!this.#isOver) this.#answer?.end();
  }

  onError(error: GatewayError): void {
    if (this.#isOver) return;
    if (this.#answer === undefined) this.fail(error);
    else this.#answer.break(error);
  }

  claim(): boolean {
    if (this.#isCommitted) return true;
    if (this.#isOver || !this.#input.claim()) return false;
    this.#isCommitted = true;
    return true;
  }

  watchSilence(): void {
    this.#limit?.lift();
    const limitMs = this.#input.candidate.endpoint.timeouts.idleMs;
    const onSilence = () => {
      const text = `${this.#provider} fell silent for ${limitMs} ms in the middle of its answer.`;
      this.fail(new GatewayError('upstream_timeout', text));
    };
    this.#silence = new Silence({ clock: this.#deps.clock, limitMs, onSilence });
  }

  heard(atMs: number): void {
    this.#input.place.heardAt = atMs;
    this.#silence?.heard(atMs);
  }

  /** With nothing of an answer in the client's hands another candidate can still give it. */
  onLoss(loss: Loss): void {
    const isDraining = loss.kind === 'gone' && this.#head !== undefined;
    if (this.#isCommitted || isDraining || !givesUp(loss, this.#input.isLastHope)) return;
    this.fail(lossError(this.#input.candidate, loss));
  }

  write(output: Buffer | string): void {
    if (this.#isOver || this.#input.delivery.write(output)) return;
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#silence?.pause();
    (this.#flow ?? this.#sending)?.pause();
    this.#input.delivery.onDrain(() => {
      this.#isPaused = false;
      this.#silence?.resume();
      (this.#flow ?? this.#sending)?.resume();
    });
  }

  holds(bytes: number): boolean {
    try {
      this.#held.set(bytes);
      return true;
    } catch (thrown) {
      this.fail(GatewayError.from(thrown));
      return false;
    }
  }

  answered(usage: Usage | undefined, firstTokenAt?: number): void {
    const firstTokenMs = firstTokenAt === undefined ? undefined : this.#input.delivery.sinceStart(firstTokenAt);
    this.#settle({ kind: 'answered', status: this.head.status, usage, firstTokenMs });
  }

  fail(thrown: GatewayError): void {
    if (this.#isOver) return;
    this.#sending?.abort();
    const error = this.#input.prepared.withoutSecrets(thrown);
    const status = this.#head?.status;
    if (!this.#isCommitted) return this.#settle({ kind: 'failed', error, status });
    const broken = new GatewayError('stream_broken', error.message, { detail: error.detail, cause: error });
    this.#input.delivery.breakOff(broken);
    this.#settle({ kind: 'broken', error: broken, status, usage: this.#answer?.usage });
  }

  #start(): void {
    const { candidate, prepared, stream, departure, onSent, limit } = this.#input;
    if (departure.hasLeft) return this.#settle({ kind: 'client-closed', status: undefined, usage: undefined });
    departure.on(this.#onLeave);
    this.since = this.#deps.clock.monotonic();
    this.#input.place.join(this);
    this.#setLimit(this.#limitMs(stream, candidate));
    onSent();
    this.#sending = this.#deps.transport.send(
      {
        endpoint: candidate.endpoint,
        method: 'POST',
        url: prepared.url,
        headers: prepared.headers,
        body: prepared.body,
        limit,
      },
      this,
    );
  }

  #streamedAnswer(headers: UpstreamAnswer['headers']): Answer {
    const encodings = encodingsOf(headers['content-encoding']);
    const decoders = encodings.length === 0 ? [] : streamDecoders(encodings);
    // The whole answer says what is wrong with an encoding that is not known.
    if (decoders === undefined) return new WholeAnswer(this);
    if (decoders.length === 0) {
      return new FirstBytes(this, (answer) => {
        this.#answer = answer;
      });
    }
    const upstream = { pause: () => this.#sending?.pause(), resume: () => this.#sending?.resume() };
    const unpacked = new UnpackedAnswer(this, upstream, decoders);
    this.#flow = unpacked;
    return unpacked;
  }

  /** The status has told: what else there is to say of it is not waited for as long as an answer is. */
  #errorAnswer(): Answer {
    const answer = new ErrorAnswer(this);
    this.#limit?.lift();
    const limitMs = Math.min(errorBodyMs, this.#limitMs(this.#input.stream, this.#input.candidate));
    this.#limit = this.#deps.limits.set(limitMs, () => answer.end());
    return answer;
  }

  #limitMs(stream: boolean, candidate: Candidate): number {
    const { timeouts } = candidate.endpoint;
    const own = candidate.timeoutMs ?? (stream ? timeouts.firstTokenMs : timeouts.totalMs);
    const { deadline } = this.#input;
    return deadline === undefined ? own : Math.max(0, Math.min(own, deadline - this.#deps.clock.monotonic()));
  }

  #setLimit(limitMs: number): void {
    this.#limit = this.#deps.limits.set(limitMs, () => {
      const what = this.#input.stream ? 'begin its answer' : 'answer';
      this.fail(new GatewayError('upstream_timeout', `${this.#provider} did not ${what} within ${limitMs} ms.`));
    });
  }

  get #provider(): string {
    return this.#input.candidate.endpoint.providerId;
  }

  #clientLeft(): void {
    this.#sending?.abort();
    this.#settle({ kind: 'client-closed', status: this.#head?.status, usage: this.#answer?.usage });
  }

  #settle(outcome: AttemptOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // The client may still have to take an answer; the request's end gives back what that holds.
    if (outcome.kind !== 'answered') this.#held.set(0);
    this.#limit?.lift();
    this.#silence?.cancel();
    this.#input.departure.off(this.#onLeave);
    this.#input.place.leave(this);
    this.#resolve(outcome);
  }
}
