import type { Candidate } from '../core/model.ts';
import { responseParts } from '../protocols/collect.ts';
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
  readonly edits: PassthroughEdits;
  readonly includeUsage: boolean;
  readonly choices: number;
  /** Both sides of the protocol, where an answer can be turned into a stream. */
  readonly codec: { readonly inbound: Inbound; readonly outbound: Outbound } | undefined;
  readonly context: () => AnswerContext;
  /** Headers of the client's that belong to the protocol travel by themselves; these are added where it sent none. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Same protocol on both sides: the client's bytes up, the upstream's bytes down. */
export class PassthroughChannel implements Channel {
  readonly isPassthrough = true;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly drops: readonly string[] = [];
  readonly #input: PassthroughInput;
  readonly #target: Candidate;

  constructor(input: PassthroughInput) {
    this.#input = input;
    this.#target = input.edits.target;
    this.path = input.inspector.path(this.#target, input.edits.stream);
    this.headers = input.headers;
    this.body = edited(input);
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
    return { body, json, usage: this.#input.inspector.answer(json, this.#target).usage };
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
