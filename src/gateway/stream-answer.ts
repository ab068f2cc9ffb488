import { GatewayError } from '../core/errors.ts';
import type { Usage } from '../core/model.ts';
import type { Relay } from '../protocols/relay.ts';
import type { Answer, AnswerHost } from './answer.ts';

/** Held of what comes before the content, so that a failure in it can still move on. Bytes or characters. */
const maxHeld = 1024 * 1024;

/**
 * What a stream takes for each byte it holds: as it came and as text and objects; and, translated, as part and as what
 * the client gets of it.
 */
const heldForEachByte = { passthrough: 3, translated: 6 };

/** An answer that comes in events. Until the first of content nothing of it reaches the client. */
export class StreamAnswer implements Answer {
  readonly #host: AnswerHost;
  readonly #relay: Relay;
  readonly #heldForEachByte: number;
  #held: (Buffer | string)[] = [];
  #heldLength = 0;
  #firstTokenAt: number | undefined;

  constructor(host: AnswerHost) {
    this.#host = host;
    this.#relay = host.prepared.relay();
    this.#heldForEachByte = heldForEachByte[host.prepared.isPassthrough ? 'passthrough' : 'translated'];
  }

  get usage(): Usage | undefined {
    return this.#relay.usage;
  }

  push(chunk: Buffer): void {
    const host = this.#host;
    const relay = this.#relay;
    let output: Buffer | string | undefined;
    try {
      output = relay.push(chunk);
    } catch (thrown) {
      return host.fail(GatewayError.from(thrown));
    }
    if (!host.holds(relay.heldBytes * this.#heldForEachByte)) return;
    const now = host.clock.monotonic();
    host.heard(now);
    if (!host.isCommitted) {
      // The client has nothing yet, so content that came along with its own failure is no loss to it.
      if (relay.failure !== undefined) return host.fail(relay.failure);
    }
    if (this.#firstTokenAt === undefined && relay.phase !== 'preamble' && !this.#commit(now)) return;
    if (output !== undefined) this.#emit(output);
    if (relay.failure !== undefined) host.fail(relay.failure);
  }

  end(): void {
    const host = this.#host;
    try {
      const output = this.#relay.end();
      if (this.#firstTokenAt === undefined && !this.#commit(host.clock.monotonic())) return;
      if (output !== undefined && output.length > 0) host.write(output);
    } catch (thrown) {
      return host.fail(GatewayError.from(thrown));
    }
    host.delivery.end(this.#relay.usage, this.#relay.whole);
    host.answered(this.#relay.usage, this.#firstTokenAt);
  }

  break(error: GatewayError): void {
    if (this.#relay.phase === 'finished') this.end();
    else this.#host.fail(error);
  }

  /** Content has come. False when another candidate answers this request. */
  #commit(now: number): boolean {
    if (!this.#host.isCommitted && !this.#begin()) return false;
    this.#firstTokenAt = now;
    this.#host.watchSilence();
    return true;
  }

  /** The same when too much has come before the content: what is late is the content all the same. */
  #begin(): boolean {
    const host = this.#host;
    if (!host.claim()) return false;
    host.delivery.startStream(host.head, host.prepared.streamType, this.#relay);
    for (const held of this.#held) host.write(held);
    this.#held = [];
    return true;
  }

  #emit(output: Buffer | string): void {
    if (this.#host.isCommitted) return this.#host.write(output);
    this.#held.push(output);
    this.#heldLength += output.length;
    if (this.#heldLength > maxHeld) this.#begin();
  }
}
