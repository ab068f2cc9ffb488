import type { Usage } from '../../core/model.ts';
import type { AnswerContext } from '../protocol.ts';
import { encodeUsage } from './usage.ts';

/** Whose answer it is, as far as the upstream said; '' and 0 where it did not. */
interface Origin {
  readonly id: string;
  readonly model: string;
  /** Unix seconds. */
  readonly created: number;
}

interface Envelope<Kind extends string> {
  readonly id: string;
  readonly object: Kind;
  readonly created: number;
  readonly model: string;
}

/** What chat completions and legacy ones have around their choices, in chunks as in whole answers. */
export function envelope<Kind extends string>(
  object: Kind,
  { id, created, model }: Origin,
  context: AnswerContext,
): Envelope<Kind> {
  return {
    id: id === '' ? context.requestId : id,
    object,
    created: created === 0 ? Math.floor(context.nowMs / 1000) : created,
    model: model === '' ? context.requestedModel : model,
  };
}

/** Writes the chunks of one stream. What stands before the choices is the same in all of them, so it is made once. */
export class ChunkWriter {
  readonly #object: string;
  readonly #context: AnswerContext;
  #head = '';
  #usage: Usage | undefined;

  constructor(object: string, context: AnswerContext) {
    this.#object = object;
    this.#context = context;
  }

  start(origin: Origin & { readonly usage?: Usage | undefined }): void {
    const text = JSON.stringify(envelope(this.#object, origin, this.#context));
    this.#head = `data: ${text.slice(0, -1)},"choices":[`;
    this.#usage ??= origin.usage;
  }

  /** Written at the end, for clients that asked for it. */
  note(usage: Usage): void {
    this.#usage = usage;
  }

  chunk(choice: object): string {
    return `${this.#head}${JSON.stringify(choice)}]}\n\n`;
  }

  end(): string {
    if (!this.#context.includeUsage || this.#usage === undefined) return doneMarker;
    return `${this.#head}],"usage":${JSON.stringify(encodeUsage(this.#usage))}}\n\n${doneMarker}`;
  }
}

/** Ends every whole stream. */
export const doneMarker = 'data: [DONE]\n\n';
