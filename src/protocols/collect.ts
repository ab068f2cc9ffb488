import { append } from '../core/append.ts';
import type { BlockStart, CanonicalResponse, Choice, ContentPart, Part, Seal, TokenLogprob } from './canonical.ts';
import type { StreamDecoder } from './protocol.ts';

type PartOf<K extends Part['kind']> = Extract<Part, { kind: K }>;

interface OpenBlock {
  readonly start: BlockStart;
  readonly pieces: string[];
  seal: Seal | undefined;
}

interface OpenChoice {
  /** In the order they began, which is the order of the answer's content. */
  readonly blocks: Map<number, OpenBlock>;
  readonly logprobs: TokenLogprob[];
  finish: PartOf<'finish'> | undefined;
}

/** Gathers a stream's parts into the answer they make up. An answer without finish reason ends in `other`. */
class PartCollector {
  #start: PartOf<'start'> | undefined;
  #usage: CanonicalResponse['usage'];
  readonly #choices = new Map<number, OpenChoice>();

  push(part: Part): void {
    switch (part.kind) {
      case 'start':
        this.#start = part;
        this.#usage ??= part.usage;
        return;
      case 'block-start':
        this.#choice(part.choice).blocks.set(part.block, { start: part.content, pieces: [], seal: undefined });
        return;
      case 'block-delta':
        this.#choice(part.choice).blocks.get(part.block)?.pieces.push(part.text);
        return;
      case 'block-end':
        this.#seal(part);
        return;
      case 'logprobs':
        append(this.#choice(part.choice).logprobs, part.logprobs);
        return;
      case 'finish':
        this.#choice(part.choice).finish = part;
        return;
      case 'usage':
        this.#usage = part.usage;
        return;
    }
  }

  response(): CanonicalResponse {
    const choices = [...this.#choices].sort(([a], [b]) => a - b);
    return {
      id: this.#start?.id ?? '',
      model: this.#start?.model ?? '',
      created: this.#start?.created ?? 0,
      choices: choices.map(([index, choice]) => closeChoice(index, choice)),
      usage: this.#usage,
    };
  }

  #choice(index: number): OpenChoice {
    const known = this.#choices.get(index);
    if (known !== undefined) return known;
    const choice: OpenChoice = { blocks: new Map(), logprobs: [], finish: undefined };
    this.#choices.set(index, choice);
    return choice;
  }

  #seal(part: PartOf<'block-end'>): void {
    const block = this.#choice(part.choice).blocks.get(part.block);
    if (block !== undefined && part.seal !== undefined) block.seal = part.seal;
  }
}

function closeChoice(index: number, choice: OpenChoice): Choice {
  return {
    index,
    content: [...choice.blocks.values()].map(closeBlock),
    finishReason: choice.finish?.reason ?? 'other',
    rawFinishReason: choice.finish?.raw,
    stopSequence: choice.finish?.stopSequence,
    logprobs: choice.logprobs.length === 0 ? undefined : choice.logprobs,
  };
}

function closeBlock(block: OpenBlock): ContentPart {
  const text = block.pieces.join('');
  const { start } = block;
  switch (start.kind) {
    case 'text':
    case 'refusal':
      return { kind: start.kind, text };
    case 'reasoning':
      return { kind: 'reasoning', text, isSummary: start.isSummary, id: start.id, seal: block.seal ?? start.seal };
    case 'tool-call':
      return {
        kind: 'tool-call',
        id: start.id,
        name: start.name,
        arguments: text,
        seal: block.seal ?? start.seal,
      };
  }
}

export function collectParts(parts: Iterable<Part>): CanonicalResponse {
  const collector = new PartCollector();
  for (const part of parts) collector.push(part);
  return collector.response();
}

/** A whole stream of events as the answer it makes up. Throws what the decoder does. */
export function collectStream(events: Buffer, decoder: StreamDecoder): CanonicalResponse {
  return collectParts([...decoder.push(events), ...decoder.end()]);
}

/** A complete answer as the stream it could have been: for clients that asked for one, from caches and non-streams. */
export function responseParts(response: CanonicalResponse): readonly Part[] {
  const parts: Part[] = [{ kind: 'start', id: response.id, model: response.model, created: response.created }];
  let block = 0;
  for (const choice of response.choices) {
    for (const content of choice.content) {
      const replayed = blockParts(content, choice.index, block);
      if (replayed.length > 0) block += 1;
      parts.push(...replayed);
    }
    if (choice.logprobs !== undefined && choice.logprobs.length > 0) {
      parts.push({ kind: 'logprobs', choice: choice.index, logprobs: choice.logprobs });
    }
    parts.push(finishPart(choice));
  }
  if (response.usage !== undefined) parts.push({ kind: 'usage', usage: response.usage });
  return parts;
}

function finishPart(choice: Choice): Part {
  return {
    kind: 'finish',
    choice: choice.index,
    reason: choice.finishReason,
    raw: choice.rawFinishReason,
    stopSequence: choice.stopSequence,
  };
}

function blockParts(content: ContentPart, choice: number, block: number): readonly Part[] {
  const start = blockStart(content);
  if (start === undefined) return [];
  const text = content.kind === 'tool-call' ? content.arguments : 'text' in content ? content.text : '';
  const seal = content.kind === 'reasoning' ? content.seal : undefined;
  const deltas: readonly Part[] = text === '' ? [] : [{ kind: 'block-delta', choice, block, text }];
  return [
    { kind: 'block-start', choice, block, content: start },
    ...deltas,
    { kind: 'block-end', choice, block, seal },
  ];
}

/** Undefined for what no model answers with (media, tool results). A redacted seal is known from the start. */
function blockStart(content: ContentPart): BlockStart | undefined {
  switch (content.kind) {
    case 'text':
    case 'refusal':
      return { kind: content.kind };
    case 'reasoning':
      return {
        kind: 'reasoning',
        isSummary: content.isSummary,
        id: content.id,
        seal: content.seal?.isRedacted === true ? content.seal : undefined,
      };
    case 'tool-call':
      return { kind: 'tool-call', id: content.id, name: content.name, seal: content.seal };
    case 'image':
    case 'audio':
    case 'document':
    case 'tool-result':
      return undefined;
  }
}
