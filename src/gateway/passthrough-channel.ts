import type { Candidate } from '../core/model.ts';
import { collectStream, responseParts } from '../protocols/collect.ts';
import type { EncodedForm } from '../protocols/form.ts';
import { invalidAnswer } from '../protocols/invalid-answer.ts';
import type {
  AnswerContext,
  Inbound,
  Inspector,
  JsonObject,
  Outbound,
  PassthroughEdits,
  UpstreamHeaders,
} from '../protocols/protocol.ts';
import { PassthroughRelay, type Relay } from '../protocols/relay.ts';
import { Splice } from '../protocols/splice.ts';
import type { Channel, EncodedAnswer, StreamedAnswer } from './channel.ts';

export interface PassthroughInput {
  readonly inspector: Inspector;
  readonly body: Buffer;
  /** The body for this upstream, where it is a form. */
  readonly encoded: EncodedForm | undefined;
  readonly edits: PassthroughEdits;
  readonly includeUsage: boolean;
  readonly choices: number;
  /** Both sides of the protocol, where an answer can be turned into a stream. */
  readonly codec: { readonly inbound: Inbound; readonly outbound: Outbound } | undefined;
  readonly context: () => AnswerContext;
  /** What the client sent. */
  readonly request: () => JsonObject;
  /** Headers of the client's that belong to the protocol travel by themselves; these are added where it sent none. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Same protocol on both sides: the client's bytes up, the upstream's bytes down. */
export class PassthroughChannel implements Channel {
  readonly isPassthrough = true;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string | undefined;
  readonly mayBeBytes: boolean;
  readonly body: Buffer;
  readonly drops: readonly string[] = [];
  readonly #input: PassthroughInput;
  readonly #target: Candidate;

  constructor(input: PassthroughInput) {
    this.#input = input;
    this.#target = input.edits.target;
    this.path = input.inspector.path(this.#target, input.edits.stream);
    this.headers = input.headers;
    this.contentType = input.encoded?.contentType;
    this.mayBeBytes = input.inspector.mayBeBytes === true;
    this.body = input.encoded?.body ?? edited(input);
  }

  relay(): Relay {
    const { inspector, includeUsage, choices } = this.#input;
    return new PassthroughRelay({
      inspector,
      target: this.#target,
      dropUsage: !includeUsage,
      choices,
      endMarker: inspector.endMarker,
    });
  }

  answer(body: Buffer | string, json: JsonObject): EncodedAnswer {
    const { inspector, request } = this.#input;
    const { usage } = inspector.answer(json, this.#target);
    const fitted = inspector.fitted?.(json, request());
    return fitted === undefined ? { body, json, usage } : { body: JSON.stringify(fitted), json: fitted, usage };
  }

  /** Where the protocol's last event repeats the answer, that is it. */
  collected(events: Buffer): EncodedAnswer {
    const { codec, context } = this.#input;
    if (codec === undefined) throw invalidAnswer(this.#target, 'it is a stream, and none was asked for');
    const repeated = this.#repeatedAnswer(events);
    if (repeated !== undefined) return this.answer(JSON.stringify(repeated), repeated);
    const about = context();
    const decoder = codec.outbound.streamDecoder({ target: this.#target, request: about.request });
    const response = collectStream(events, decoder);
    const json = codec.inbound.encodeResponse(response, about);
    return { body: JSON.stringify(json), json, usage: response.usage };
  }

  /** Throws when the events tell of a failure, or end before the answer does. */
  #repeatedAnswer(events: Buffer): JsonObject | undefined {
    const relay = this.relay();
    relay.push(events);
    if (relay.failure !== undefined) throw relay.failure;
    relay.end();
    return relay.whole;
  }

  mayHandOn(beginning: Buffer): boolean {
    const { inspector, request } = this.#input;
    return inspector.mayHandOn?.(beginning, request()) ?? true;
  }

  answerAsStream(json: JsonObject): StreamedAnswer {
    this.#input.inspector.answer(json, this.#target);
    const { codec } = this.#input;
    if (codec === undefined) throw invalidAnswer(this.#target, 'it is not a stream');
    const context = this.#input.context();
    const response = codec.outbound.decodeResponse(json, { target: this.#target, request: context.request });
    const encoder = codec.inbound.streamEncoder(context, 'sse');
    const parts = responseParts(response).map((part) => encoder.encode(part));
    const text = parts.join('') + encoder.end();
    return { text, json: encoder.whole, usage: response.usage };
  }

  classify(status: number, headers: UpstreamHeaders, body: string) {
    return this.#input.inspector.classifyError(status, headers, body, this.#target);
  }
}

/** The client's bytes with only a few top-level values changed. */
function edited({ inspector, body, edits }: PassthroughInput): Buffer {
  const splice = new Splice(body);
  inspector.edit(splice, edits);
  return splice.apply();
}
