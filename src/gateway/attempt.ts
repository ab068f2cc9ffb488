import type { Batch } from '../core/batch.ts';
import type { Clock } from '../core/clock.ts';
import type { Departure } from '../core/departure.ts';
import { GatewayError } from '../core/errors.ts';
import { HeldBody } from '../core/held-body.ts';
import type { Candidate, Usage } from '../core/model.ts';
import type { TimeLimit, TimeLimits } from '../core/time-limits.ts';
import type { Relay } from '../protocols/relay.ts';
import type { Transport } from '../transport/client.ts';
import type { AnswerHandler, Sending } from '../transport/upstream-pool.ts';
import { unpack } from './channel.ts';
import type { Delivery } from './delivery.ts';
import type { Prepared } from './prepared.ts';
import { Silence } from './silence.ts';

/** An answer that is not streamed is held up to here, so that a failure in it can still move on. Bytes. */
const heldBytes = 1024 * 1024;
/** As much of an error answer as is read. Bytes. */
const errorBytes = 64 * 1024;
/** Bound of an answer that has to be held whole because it is translated. Bytes. */
const translatedBytes = 256 * 1024 * 1024;

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
  /** Monotonic time by which the whole request must have ended; undefined is no limit. */
  readonly deadline: number | undefined;
  /** The upstream is being asked, which begins with connecting to it. */
  readonly onSent: () => void;
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;
type Stage = 'waiting' | 'error-body' | 'whole' | 'spilling' | 'stream' | 'done';

/** One try of one candidate, from the first byte sent to the last byte relayed. Settles exactly once. */
export class Attempt implements AnswerHandler {
  readonly #deps: AttemptDeps;
  readonly #input: AttemptInput;
  readonly #resolve: (outcome: AttemptOutcome) => void;
  #stage: Stage = 'waiting';
  #sending: Sending | undefined;
  #status: number | undefined;
  #headers: Headers = {};
  readonly #body = new HeldBody();
  #relay: Relay | undefined;
  #held: (Buffer | string)[] = [];
  #isCommitted = false;
  /** Until the answer begins; a stream has a watch on its silence then. */
  #limit: TimeLimit | undefined;
  #silence: Silence | undefined;
  #isPaused = false;
  #firstTokenAt: number | undefined;
  readonly #onLeave = () => this.#clientLeft();

  private constructor(deps: AttemptDeps, input: AttemptInput, resolve: (outcome: AttemptOutcome) => void) {
    this.#deps = deps;
    this.#input = input;
    this.#resolve = resolve;
  }

  static run(deps: AttemptDeps, input: AttemptInput): Promise<AttemptOutcome> {
    return new Promise((resolve) => {
      const attempt = new Attempt(deps, input, resolve);
      attempt.#start();
    });
  }

  #start(): void {
    const { candidate, prepared, stream, departure, onSent } = this.#input;
    if (departure.hasLeft) return this.#settle({ kind: 'client-closed', status: undefined, usage: undefined });
    departure.on(this.#onLeave);
    this.#setLimit(this.#limitMs(stream, candidate));
    onSent();
    this.#sending = this.#deps.transport.send(
      {
        endpoint: candidate.endpoint,
        method: 'POST',
        url: prepared.url,
        headers: prepared.headers,
        body: prepared.body,
      },
      this,
    );
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
      this.#fail(new GatewayError('upstream_timeout', `${this.#provider} did not ${what} within ${limitMs} ms.`));
    });
  }

  get #provider(): string {
    return this.#input.candidate.endpoint.providerId;
  }

  onHeaders(status: number, headers: Headers): void {
    this.#status = status;
    this.#headers = headers;
    if (status < 200 || status > 299) {
      this.#stage = 'error-body';
    } else if (this.#input.stream && this.#input.prepared.isStream(headers)) {
      this.#stage = 'stream';
      this.#relay = this.#input.prepared.relay();
    } else {
      this.#stage = 'whole';
    }
  }

  onData(chunk: Buffer): void {
    switch (this.#stage) {
      case 'stream':
        return this.#relayChunk(chunk);
      case 'spilling':
        return this.#write(chunk);
      case 'error-body':
        if (this.#body.size < errorBytes) this.#body.add(chunk);
        return;
      case 'whole':
        return this.#holdWhole(chunk);
      case 'waiting':
      case 'done':
        return;
    }
  }

  onEnd(): void {
    switch (this.#stage) {
      case 'stream':
        return this.#endStream();
      case 'spilling':
        this.#input.delivery.end();
        return this.#answered(undefined);
      case 'error-body':
        return this.#fail(this.#classified());
      case 'whole':
        return this.#deps.batch.add(() => this.#endWhole());
      case 'waiting':
      case 'done':
        return;
    }
  }

  onError(error: GatewayError): void {
    // What was held of an error answer is worth more than the news that its connection then broke.
    if (this.#stage === 'error-body') return this.onEnd();
    if (this.#relay?.phase === 'finished') return this.#endStream();
    this.#fail(error);
  }

  get #isCompressed(): boolean {
    return this.#headers['content-encoding'] !== undefined;
  }

  /** What the upstream's error answer means. */
  #classified(): GatewayError {
    try {
      return this.#input.prepared.classify(this.#status ?? 0, this.#headers, this.#text());
    } catch (thrown) {
      return GatewayError.from(thrown);
    }
  }

  /** Text of an error answer; empty when its encoding cannot be undone, since the status tells as well. */
  #text(): string {
    try {
      return unpack(this.#body.bytes(), this.#headers, this.#input.candidate).toString('utf8');
    } catch {
      return '';
    }
  }

  #holdWhole(chunk: Buffer): void {
    this.#body.add(chunk);
    const { prepared, delivery, candidate } = this.#input;
    if (this.#body.size <= heldBytes) return;
    if (prepared.isPassthrough && !this.#input.stream && !this.#isCompressed) {
      this.#stage = 'spilling';
      this.#isCommitted = true;
      delivery.startAnswer({ candidate, status: this.#status ?? 200, headers: this.#headers, drops: prepared.drops });
      for (const held of this.#body.release()) this.#write(held);
    } else if (this.#body.size > translatedBytes) {
      this.#fail(
        new GatewayError('upstream_invalid', `${this.#provider} sent an answer over ${translatedBytes} bytes.`),
      );
    }
  }

  #endWhole(): void {
    if (this.#stage === 'done') return;
    const { prepared, delivery, candidate, stream } = this.#input;
    try {
      const body = this.#body.bytes();
      const facts = { candidate, status: this.#status ?? 200, headers: this.#headers, drops: prepared.drops };
      if (stream) {
        const { text, usage } = prepared.answerAsStream(body, this.#headers);
        this.#firstTokenAt = this.#deps.clock.monotonic();
        delivery.startStream(facts, prepared.streamType);
        delivery.write(text);
        delivery.end();
        return this.#answered(usage);
      }
      const answer = prepared.answer(body, this.#headers);
      delivery.sendAnswer({ ...facts, usage: answer.usage }, answer.body);
      this.#answered(answer.usage);
    } catch (thrown) {
      this.#fail(GatewayError.from(thrown));
    }
  }

  #relayChunk(chunk: Buffer): void {
    const relay = this.#relay;
    if (relay === undefined) return;
    let output: Buffer | string | undefined;
    try {
      output = relay.push(chunk);
    } catch (thrown) {
      return this.#fail(GatewayError.from(thrown));
    }
    const now = this.#deps.clock.monotonic();
    this.#silence?.heard(now);
    if (!this.#isCommitted) {
      // The client has nothing yet, so content that came along with its own failure is nobody's loss.
      if (relay.failure !== undefined) return this.#fail(relay.failure);
      if (relay.phase !== 'preamble') this.#commit(now);
    }
    if (output !== undefined) this.#emit(output);
    if (relay.failure !== undefined) this.#fail(relay.failure);
  }

  /** Content has come: from here on this candidate's answer is the client's answer. */
  #commit(now: number): void {
    const { candidate, prepared, delivery } = this.#input;
    this.#isCommitted = true;
    this.#firstTokenAt = now;
    delivery.startStream(
      { candidate, status: this.#status ?? 200, headers: this.#headers, drops: prepared.drops },
      prepared.streamType,
    );
    this.#watchSilence(candidate.endpoint.timeouts.idleMs);
    for (const held of this.#held) this.#write(held);
    this.#held = [];
  }

  #emit(output: Buffer | string): void {
    if (this.#isCommitted) this.#write(output);
    else this.#held.push(output);
  }

  #write(output: Buffer | string): void {
    if (this.#stage === 'done' || this.#input.delivery.write(output)) return;
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#silence?.pause();
    this.#sending?.pause();
    this.#input.delivery.onDrain(() => {
      this.#isPaused = false;
      this.#silence?.resume();
      this.#sending?.resume();
    });
  }

  #watchSilence(limitMs: number): void {
    this.#limit?.lift();
    const { clock } = this.#deps;
    const onSilence = () => {
      const text = `${this.#provider} fell silent for ${limitMs} ms in the middle of its answer.`;
      this.#fail(new GatewayError('upstream_timeout', text));
    };
    this.#silence = new Silence({ clock, limitMs, onSilence });
  }

  #endStream(): void {
    const relay = this.#relay;
    if (relay === undefined) return;
    try {
      const output = relay.end();
      if (!this.#isCommitted) this.#commit(this.#deps.clock.monotonic());
      if (output !== undefined && output.length > 0) this.#write(output);
    } catch (thrown) {
      return this.#fail(GatewayError.from(thrown));
    }
    this.#input.delivery.end();
    this.#answered(relay.usage);
  }

  #answered(usage: Usage | undefined): void {
    const firstTokenMs =
      this.#firstTokenAt === undefined ? undefined : this.#input.delivery.sinceStart(this.#firstTokenAt);
    this.#settle({ kind: 'answered', status: this.#status ?? 200, usage, firstTokenMs });
  }

  #fail(error: GatewayError): void {
    if (this.#stage === 'done') return;
    this.#sending?.abort();
    if (!this.#isCommitted) return this.#settle({ kind: 'failed', error, status: this.#status });
    const broken = new GatewayError('stream_broken', error.message, { detail: error.detail, cause: error });
    this.#input.delivery.breakOff(broken);
    this.#settle({ kind: 'broken', error: broken, status: this.#status, usage: this.#relay?.usage });
  }

  #clientLeft(): void {
    this.#sending?.abort();
    this.#settle({ kind: 'client-closed', status: this.#status, usage: this.#relay?.usage });
  }

  #settle(outcome: AttemptOutcome): void {
    if (this.#stage === 'done') return;
    this.#stage = 'done';
    this.#limit?.lift();
    this.#silence?.cancel();
    this.#input.departure.off(this.#onLeave);
    this.#resolve(outcome);
  }
}
