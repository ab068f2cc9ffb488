import { type ErrorCode, GatewayError } from '../core/errors.ts';
import type { Candidate, Usage } from '../core/model.ts';
import { invalidAnswer } from '../protocols/invalid-answer.ts';
import type { JsonObject, UpstreamHeaders } from '../protocols/protocol.ts';
import type { Relay } from '../protocols/relay.ts';
import { decodeBody, encodingsOf, type OnBytes } from '../transport/content-encoding.ts';
import type { UpstreamAnswer } from './answer-tap.ts';

/** How one request travels to one candidate, and how its answer comes back to the client. */
export interface Channel {
  /** Bytes are handed through, so an answer of any size needs no memory. */
  readonly isPassthrough: boolean;
  /** Appended to the endpoint's base URL. */
  readonly path: string;
  /** Protocol headers of the upstream, lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the body, where it is not JSON. */
  readonly contentType?: string | undefined;
  /** A good answer may be other than JSON, and is handed through as it comes. */
  readonly mayBeBytes?: boolean | undefined;
  readonly body: Buffer;
  readonly drops: readonly string[];
  relay(): Relay;
  /** A complete answer, its bytes or text and what they say. Throws when it is a failure in the shape of a success. */
  answer(body: Buffer | string, json: JsonObject): EncodedAnswer;
  /** An answer in events for a client that asked for none. Throws where it is not complete, or the format has no stream. */
  collected(events: Buffer): EncodedAnswer;
  /** A large answer that begins like this may go to the client as it comes. */
  mayHandOn(beginning: Buffer): boolean;
  /** The same for a client that asked for a stream and an upstream that did not stream. */
  answerAsStream(json: JsonObject): StreamedAnswer;
  classify(status: number, headers: UpstreamHeaders, body: string): GatewayError;
}

/** A complete answer as the client gets it. */
export interface EncodedAnswer {
  readonly body: Buffer | string;
  /** What `body` says. */
  readonly json: JsonObject;
  readonly usage: Usage | undefined;
}

/** A complete answer as the events of a stream. */
export interface StreamedAnswer {
  readonly text: string;
  /** The same as one body, where the protocol's last event repeats it. */
  readonly json: JsonObject | undefined;
  readonly usage: Usage | undefined;
}

/** We ask for none, but an upstream (or what stands before it) may compress all the same. Throws `upstream_invalid`. */
export async function unpack(body: Buffer, { headers, candidate }: UpstreamAnswer, onBytes: OnBytes): Promise<Buffer> {
  const encodings = encodingsOf(headers['content-encoding']);
  try {
    return await decodeBody(body, encodings, onBytes);
  } catch (thrown) {
    if (thrown instanceof GatewayError && ours.has(thrown.code)) throw thrown;
    throw invalidAnswer(candidate, `its ${encodings.join(', ').slice(0, 40)} encoding cannot be undone`, thrown);
  }
}

/** What `onBytes` throws. */
const ours: ReadonlySet<ErrorCode> = new Set(['overloaded', 'too_large', 'upstream_invalid']);

/** The answer as a JSON object. Throws `upstream_invalid` for an empty, broken or other body. */
export function parseAnswer(text: string, target: Candidate): JsonObject {
  if (text === '') throw invalidAnswer(target, 'it is empty');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw invalidAnswer(target, 'it is not JSON', thrown);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidAnswer(target, 'it is not an object');
  return value as JsonObject;
}
