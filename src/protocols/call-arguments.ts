import type { CanonicalResponse, ContentPart, Part } from './canonical.ts';
import type { StreamDecoder } from './protocol.ts';

/** What small models write where a call takes no arguments; compared without quotes and in lower case. */
const nothingWords: readonly string[] = [
  '',
  'null',
  'none',
  'nil',
  'undefined',
  'nan',
  'void',
  'n/a',
  '[]',
  '()',
  '{}',
];
const longestWord = 'undefined'.length;

function bareWord(text: string): string {
  return text
    .trim()
    .replaceAll(/^["'`]+|["'`]+$/g, '')
    .trim()
    .toLowerCase();
}

/** Whether `text` may still become a word for nothing. An object never does, so that it streams on at once. */
function mayBeNothing(text: string): boolean {
  const start = text.trimStart();
  if (start.startsWith('{') || start.length > 2 * longestWord) return false;
  const bare = bareWord(start);
  return nothingWords.some((word) => word.startsWith(bare));
}

/** The arguments of a call as JSON text: `{}` for the words that mean nothing, all else as the model wrote it. */
export function argumentsText(text: string): string {
  return mayBeNothing(text) && nothingWords.includes(bareWord(text)) ? '{}' : text;
}

function withPlainCalls(part: ContentPart): ContentPart {
  if (part.kind !== 'tool-call') return part;
  const plain = argumentsText(part.arguments);
  return plain === part.arguments ? part : { ...part, arguments: plain };
}

/** The same answer, its calls with arguments that every client can parse. */
export function withPlainArguments(response: CanonicalResponse): CanonicalResponse {
  const choices = response.choices.map((choice) => ({ ...choice, content: choice.content.map(withPlainCalls) }));
  return { ...response, choices };
}

/** The same for a stream: the first characters of a call's arguments are held while they may be a word for nothing. */
export class PlainArgumentsDecoder implements StreamDecoder {
  readonly #decoder: StreamDecoder;
  /** Of calls whose arguments may still mean nothing, by the block's number. */
  readonly #held = new Map<number, string>();

  constructor(decoder: StreamDecoder) {
    this.#decoder = decoder;
  }

  push(chunk: Buffer): readonly Part[] {
    return this.#plain(this.#decoder.push(chunk));
  }

  end(): readonly Part[] {
    return this.#plain(this.#decoder.end());
  }

  #plain(parts: readonly Part[]): readonly Part[] {
    const beginsCall = parts.some((part) => part.kind === 'block-start' && part.content.kind === 'tool-call');
    return this.#held.size === 0 && !beginsCall ? parts : parts.flatMap((part) => this.#part(part));
  }

  #part(part: Part): readonly Part[] {
    if (part.kind === 'block-start' && part.content.kind === 'tool-call') this.#held.set(part.block, '');
    const held = 'block' in part ? this.#held.get(part.block) : undefined;
    if (held === undefined) return [part];
    if (part.kind === 'block-delta') return this.#delta(part, held + part.text);
    if (part.kind !== 'block-end') return [part];
    this.#held.delete(part.block);
    return [{ kind: 'block-delta', choice: part.choice, block: part.block, text: argumentsText(held) }, part];
  }

  #delta(part: Extract<Part, { kind: 'block-delta' }>, text: string): readonly Part[] {
    if (mayBeNothing(text)) {
      this.#held.set(part.block, text);
      return [];
    }
    this.#held.delete(part.block);
    return [{ ...part, text }];
  }
}
