import { append } from '../../../core/append.ts';
import { GatewayError } from '../../../core/errors.ts';
import { argumentsText } from '../../call-arguments.ts';
import type { ContentPart, Message, ToolCallPart, ToolResultPart } from '../../canonical.ts';
import { isObject } from '../../fields.ts';
import type { Drops } from '../client/decode-contents.ts';
import { fallbackTypes, mediaToWire } from '../media.ts';
import type { ModelTraits } from '../model-traits.ts';
import { foreignCallSignature, ownSignature } from '../seal.ts';
import type { WireContent, WirePart } from '../wire.ts';

interface Contents {
  readonly systemInstruction: WireContent | undefined;
  readonly contents: readonly WireContent[];
}

interface Draft {
  readonly role: 'user' | 'model';
  /** Function responses, which come first and in the order of their calls, whatever was said in between. */
  readonly responses: WirePart[];
  readonly parts: WirePart[];
  /** Of the model's turn itself, or of the one that a user's turn follows. */
  readonly calls: Calls;
}

/** Calls of one turn of the model by id: their place in it and their name. */
type Calls = Map<string | undefined, { readonly rank: number; readonly name: string }>;

/**
 * System and developer messages at the start become `systemInstruction`; later ones stay in place as text of the
 * user's, since contents know no such role. Neighbours of one role are merged: Gemini wants turns to alternate, and all
 * results of parallel calls in one content right after them.
 */
export function contentsToWire(messages: readonly Message[], traits: ModelTraits, drops: Drops): Contents {
  const firstTurn = messages.findIndex((message) => !isSystem(message));
  const leading = firstTurn === -1 ? messages : messages.slice(0, firstTurn);
  const writer = new ContentsWriter(traits, drops);
  for (const message of messages.slice(leading.length)) writer.add(message);
  const system = leading.flatMap((message) => systemParts(message, drops));
  const systemInstruction = system.length === 0 ? undefined : { parts: system };
  // A prompt of system messages alone is a question all the same, and Gemini insists on contents.
  if (writer.contents.length === 0)
    return { systemInstruction: undefined, contents: [{ role: 'user', parts: system }] };
  return { systemInstruction, contents: writer.contents };
}

function isSystem(message: Message): boolean {
  return message.role === 'system' || message.role === 'developer';
}

function systemParts(message: Message, drops: Drops): readonly WirePart[] {
  return message.content.flatMap((part) => {
    if (part.kind === 'text') return part.text === '' ? [] : [{ text: part.text }];
    drops.add(`system.${part.kind}`);
    return [];
  });
}

class ContentsWriter {
  readonly #traits: ModelTraits;
  readonly #drops: Drops;
  readonly #drafts: Draft[] = [];

  constructor(traits: ModelTraits, drops: Drops) {
    this.#traits = traits;
    this.#drops = drops;
  }

  get contents(): readonly WireContent[] {
    return this.#drafts.map(contentOf).filter(({ parts }) => parts.length > 0);
  }

  add(message: Message): void {
    if (message.name !== undefined) this.#drops.add('messages.name');
    const role = message.role === 'assistant' ? 'model' : 'user';
    const draft = this.#draft(role);
    if (role === 'user') {
      for (const part of message.content) if (part.kind === 'tool-result') this.#addResult(part, draft);
      for (const part of message.content) if (part.kind !== 'tool-result') append(draft.parts, this.#plain(part));
      return;
    }
    for (const part of message.content) {
      if (part.kind === 'tool-call') note(part, draft.calls);
      this.#addModelPart(part, draft.parts);
    }
  }

  #draft(role: Draft['role']): Draft {
    const last = this.#drafts.at(-1);
    if (last?.role === role) return last;
    const calls: Calls = role === 'model' || last === undefined ? new Map() : last.calls;
    const draft: Draft = { role, responses: [], parts: [], calls };
    this.#drafts.push(draft);
    return draft;
  }

  #addResult(result: ToolResultPart, { responses, parts, calls }: Draft): void {
    const name = result.name ?? calls.get(result.id)?.name ?? result.id;
    const texts: string[] = [];
    const media: WirePart[] = [];
    for (const part of result.content) {
      for (const wired of this.#plain(part)) {
        if (typeof wired.text === 'string') texts.push(wired.text);
        else media.push(wired);
      }
    }
    const response = { [result.isError === true ? 'error' : 'output']: texts.join('\n') };
    const base = { id: result.id, name, response };
    // Older models refuse media inside the response; beside it they take it.
    if (media.length === 0 || !this.#traits.isCurrent) {
      responses.push({ functionResponse: base });
      append(parts, media);
      return;
    }
    const inside = media.map(({ inlineData, fileData }) => ({ inlineData, fileData }));
    responses.push({ functionResponse: { ...base, parts: inside } });
  }

  #addModelPart(part: ContentPart, parts: WirePart[]): void {
    if (part.kind === 'tool-call') {
      parts.push(this.#call(part, parts));
      return;
    }
    const last = parts.at(-1);
    const isBareSeal = part.kind === 'reasoning' && part.text === '';
    if (isBareSeal && last !== undefined && takesSignature(last)) {
      const thoughtSignature = ownSignature(part.seal);
      if (thoughtSignature !== undefined) parts[parts.length - 1] = { ...last, thoughtSignature };
      return;
    }
    append(parts, this.#plain(part));
  }

  /** Of parallel calls only the first is signed. */
  #call(call: ToolCallPart, before: readonly WirePart[]): WirePart {
    const functionCall = { id: call.id, name: call.name, args: argumentsToWire(call.arguments) };
    const isFirst = before.at(-1)?.functionCall === undefined;
    const signature = ownSignature(call.seal) ?? (this.#traits.isCurrent && isFirst ? foreignCallSignature : undefined);
    return signature === undefined ? { functionCall } : { functionCall, thoughtSignature: signature };
  }

  /** Anything but calls and results. */
  #plain(part: ContentPart): readonly WirePart[] {
    if ('cache' in part && part.cache !== undefined) this.#drops.add('cache_control');
    switch (part.kind) {
      case 'text':
        if (part.citations !== undefined) this.#drops.add('citations');
        return part.text === '' ? [] : [{ text: part.text }];
      case 'refusal':
        return [{ text: part.text }];
      case 'reasoning':
        return reasoningToWire(part);
      case 'image':
        if (part.detail !== undefined && part.detail !== 'auto') this.#drops.add('image.detail');
        return [media(part.kind, mediaToWire(part.source, fallbackTypes.image))];
      case 'audio':
        return [media(part.kind, mediaToWire(part.source, fallbackTypes.audio))];
      case 'document':
        return [media(part.kind, mediaToWire(part.source, fallbackTypes.document, part.name))];
      case 'tool-call':
      case 'tool-result':
        this.#drops.add(`nested ${part.kind}`);
        return [];
    }
  }
}

function note(call: ToolCallPart, calls: Calls): void {
  if (!calls.has(call.id)) calls.set(call.id, { rank: calls.size, name: call.name });
}

function contentOf({ role, responses, parts, calls }: Draft): WireContent & { readonly parts: readonly WirePart[] } {
  const rank = (part: WirePart) => calls.get(part.functionResponse?.id)?.rank ?? -1;
  return { role, parts: [...responses.toSorted((a, b) => rank(a) - rank(b)), ...parts] };
}

/** A file that cannot be read must not be passed over in silence: the answer would be about something else. */
function media(kind: string, part: WirePart | undefined): WirePart {
  if (part !== undefined) return part;
  throw new GatewayError('upstream_incapable', `Gemini cannot read a ${kind} from another provider's file store.`);
}

function takesSignature(part: WirePart): boolean {
  const isAnswer = part.thought !== true && (part.text !== undefined || part.inlineData !== undefined);
  return isAnswer && part.thoughtSignature === undefined;
}

function reasoningToWire(part: Extract<ContentPart, { kind: 'reasoning' }>): readonly WirePart[] {
  const thoughtSignature = ownSignature(part.seal);
  if (part.text === '') return thoughtSignature === undefined ? [] : [{ text: '', thoughtSignature }];
  const thought = { text: part.text, thought: true };
  return [thoughtSignature === undefined ? thought : { ...thought, thoughtSignature }];
}

/** Arguments cut by a token limit are no JSON; they are shown to the model as they are. */
function argumentsToWire(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(argumentsText(text));
    return isObject(value) ? value : { arguments: value };
  } catch {
    return { arguments: text };
  }
}
