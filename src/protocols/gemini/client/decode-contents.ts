import { append } from '../../../core/append.ts';
import type { ContentPart, Message, Seal } from '../../canonical.ts';
import { isObject, present } from '../../fields.ts';
import type { JsonObject } from '../../protocol.ts';
import { mediaPart } from '../media.ts';
import { booleanAt, listAt, objectAt, optionalObjectAt, stringAt } from '../proto-json.ts';
import { sealFromClient } from '../seal.ts';
import { CallIds } from './call-ids.ts';

/** Collects what a request loses; each name once. */
export type Drops = Set<string>;

/** Kinds of part that stand for Google's own tools; no other protocol has a place for them. */
const foreignParts = ['executableCode', 'codeExecutionResult', 'toolCall', 'toolResponse'] as const;

/** A message that later contents may still go on with. */
interface Draft {
  readonly role: Message['role'];
  readonly content: ContentPart[];
}

interface Turn {
  readonly ids: CallIds;
  readonly drops: Drops;
}

/**
 * Contents as canonical messages. Each function response becomes a message of role `tool`, in front of what the user says
 * in the same content. Throws `bad_request` naming the field.
 */
export function messagesFromContents(contents: unknown, drops: Drops): readonly Message[] {
  const turn: Turn = { ids: new CallIds(), drops };
  const messages: Draft[] = [];
  for (const [index, entry] of listAt(contents, 'contents').entries()) {
    const path = `contents[${index}]`;
    const content = objectAt(entry, path);
    const parts = partsAt(content.parts, `${path}.parts`, turn);
    if (stringAt(content.role, `${path}.role`) === 'model') {
      addModelParts(messages, parts);
    } else {
      addUserParts(messages, parts);
    }
  }
  return messages;
}

/**
 * Clients keep a streamed answer as one content a chunk, empty ones included. It is one turn all the same: parallel
 * calls must not be torn apart, nor a sentence.
 */
function addModelParts(messages: Draft[], parts: readonly ContentPart[]): void {
  const last = messages.at(-1);
  if (last?.role === 'assistant') join(last.content, parts);
  else if (parts.length > 0) messages.push({ role: 'assistant', content: [...parts] });
}

/** Adds `after` to `content`; text or thought that goes on where `content` ends becomes one part with it. */
function join(content: ContentPart[], after: readonly ContentPart[]): void {
  const [last, first] = [content.at(-1), after[0]];
  const isText = last?.kind === 'text' && first?.kind === 'text';
  const isThought = last?.kind === 'reasoning' && first?.kind === 'reasoning' && last.seal === undefined;
  if (!isText && !isThought) return append(content, after);
  content[content.length - 1] = { ...first, text: last.text + first.text };
  append(content, after.slice(1));
}

/** `user`, `function` or no role at all. */
function addUserParts(messages: Draft[], parts: readonly ContentPart[]): void {
  for (const part of parts) if (part.kind === 'tool-result') messages.push({ role: 'tool', content: [part] });
  const rest = parts.filter((part) => part.kind !== 'tool-result');
  if (rest.length > 0) messages.push({ role: 'user', content: rest });
}

/** A string, one content or a list of parts, as clients write it. */
export function systemFromInstruction(instruction: unknown, drops: Drops): readonly Message[] {
  if (instruction === undefined || instruction === null) return [];
  const path = 'systemInstruction';
  const parts =
    typeof instruction === 'string'
      ? [{ kind: 'text', text: instruction } as const]
      : partsAt(isObject(instruction) ? (instruction.parts ?? instruction) : instruction, path, {
          ids: new CallIds(),
          drops,
        });
  return parts.length === 0 ? [] : [{ role: 'system', content: parts }];
}

/** Parts of one content, for readers that need no conversation around them. */
export function partsOfContent(content: unknown, path: string, drops: Drops): readonly ContentPart[] {
  return partsAt(objectAt(content, path).parts, `${path}.parts`, { ids: new CallIds(), drops });
}

function partsAt(value: unknown, path: string, turn: Turn): readonly ContentPart[] {
  const entries = typeof value === 'string' ? [value] : listAt(value, path);
  return entries.flatMap((entry, index) => {
    if (typeof entry === 'string') return [{ kind: 'text', text: entry } as const];
    return partAt(objectAt(entry, `${path}[${index}]`), `${path}[${index}]`, turn);
  });
}

function partAt(part: JsonObject, path: string, turn: Turn): readonly ContentPart[] {
  for (const kind of foreignParts) {
    if (part[kind] !== undefined) {
      turn.drops.add(`parts.${kind}`);
      return [];
    }
  }
  const seal = sealFromClient(stringAt(part.thoughtSignature, `${path}.thoughtSignature`));
  const call = optionalObjectAt(part.functionCall, `${path}.functionCall`);
  if (call !== undefined) return [callPart(call, seal, { path: `${path}.functionCall`, turn })];
  const response = optionalObjectAt(part.functionResponse, `${path}.functionResponse`);
  if (response !== undefined) return [resultPart(response, { path: `${path}.functionResponse`, turn })];
  const media = mediaPart(part, path);
  if (media !== undefined) return [media, ...sealAfter(seal)];
  return textParts(part, path, seal);
}

function textParts(part: JsonObject, path: string, seal: Seal | undefined): readonly ContentPart[] {
  const text = stringAt(part.text, `${path}.text`) ?? '';
  if (booleanAt(part.thought, `${path}.thought`) === true) return [present({ kind: 'reasoning', text, seal } as const)];
  if (text === '') return sealAfter(seal);
  return [{ kind: 'text', text }, ...sealAfter(seal)];
}

/** A signature on anything but a thought or a call is reasoning of which only the sealed form exists. */
function sealAfter(seal: Seal | undefined): readonly ContentPart[] {
  return seal === undefined ? [] : [{ kind: 'reasoning', text: '', seal }];
}

interface Place {
  readonly path: string;
  readonly turn: Turn;
}

function callPart(call: JsonObject, seal: Seal | undefined, place: Place): ContentPart {
  const name = stringAt(call.name, `${place.path}.name`) ?? '';
  const id = place.turn.ids.ofCall(name, stringAt(call.id, `${place.path}.id`));
  const args = JSON.stringify(optionalObjectAt(call.args, `${place.path}.args`) === undefined ? {} : call.args);
  return present({ kind: 'tool-call', id, name, arguments: args, seal } as const);
}

function resultPart(response: JsonObject, place: Place): ContentPart {
  const name = stringAt(response.name, `${place.path}.name`) ?? '';
  const id = place.turn.ids.ofResponse(name, stringAt(response.id, `${place.path}.id`));
  const media = listAt(response.parts, `${place.path}.parts`).flatMap((entry, index) => {
    const path = `${place.path}.parts[${index}]`;
    return mediaPart(objectAt(entry, path), path) ?? [];
  });
  const result = response.response;
  const isError = isObject(result) && isLone(result, 'error');
  const content: readonly ContentPart[] = [...resultText(result), ...media];
  return { kind: 'tool-result', id, name, content, ...(isError ? { isError } : {}) };
}

/** `output` and `error` are Google's names for the whole of a result; any other shape is the result itself. */
function resultText(result: unknown): readonly ContentPart[] {
  if (result === undefined || result === null) return [];
  if (!isObject(result)) return [{ kind: 'text', text: String(result) }];
  if (Object.keys(result).length === 0) return [];
  const whole = isLone(result, 'output') ? result.output : isLone(result, 'error') ? result.error : result;
  return [{ kind: 'text', text: typeof whole === 'string' ? whole : JSON.stringify(whole) }];
}

function isLone(value: JsonObject, key: string): boolean {
  return key in value && Object.keys(value).length === 1;
}
