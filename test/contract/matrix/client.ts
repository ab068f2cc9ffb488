import type { FormatId } from '../../../src/protocols/protocol.ts';
import type { Ask, Heard, HeardStream, Json } from './vocabulary.ts';

/** A request as the client's SDK would write it. */
export interface ClientRequest {
  readonly path: string;
  readonly body: Json;
}

/** One way in. Readers throw where an answer breaks the protocol's rules. */
export interface Client {
  readonly name: string;
  readonly format: FormatId;
  /** What the protocol has no words for, by scenario. */
  readonly lacks: Readonly<Record<string, string>>;
  readonly streamType: RegExp;
  /** True where the protocol has ids that tie results to calls. */
  readonly hasCallIds: boolean;
  /** True where what an upstream sealed its reasoning with has a place. */
  readonly keepsSeals: boolean;
  request(ask: Ask): ClientRequest;
  readWhole(body: Json): Heard;
  readStream(text: string): HeardStream;
  /** The message of an error answer, in the protocol's envelope. */
  readError(body: Json, status: number): string;
}
