import type { ContentPart, Message, Role, ToolCallPart } from '../../canonical.ts';
import {
  asText,
  at,
  badField,
  optionalObject,
  optionalObjects,
  optionalString,
  requiredObject,
  requiredString,
} from '../../fields.ts';
import { OpenCalls } from '../../open-calls.ts';
import type { JsonObject } from '../../protocol.ts';
import { argumentsOf } from '../../tool-input.ts';
import { decodeImages } from './decode-images.ts';

/** Calls and results belong together by id in the canonical form, here mostly by order and name. */
class Conversation {
  #calls = 0;
  readonly #open = new OpenCalls<ToolCallPart>();

  call(id: string | undefined, name: string, argumentsText: string): ToolCallPart {
    const call: ToolCallPart = { kind: 'tool-call', id: id ?? this.#newId(), name, arguments: argumentsText };
    this.#open.add(call);
    return call;
  }

  /** The call that a result answers: by id, else the first unanswered one of its name, else the first. */
  answer(id: string | undefined, name: string | undefined): Pick<ToolCallPart, 'id'> & { readonly name?: string } {
    const call = this.#take(id, name);
    if (call === undefined) return { id: id ?? this.#newId(), ...(name === undefined ? undefined : { name }) };
    return { id: call.id, name: call.name };
  }

  #take(id: string | undefined, name: string | undefined): ToolCallPart | undefined {
    if (id !== undefined) return this.#open.takeById(id);
    return name === undefined ? this.#open.takeFirst() : this.#open.takeNamed(name);
  }

  #newId(): string {
    this.#calls += 1;
    return `call_${this.#calls}`;
  }
}

const roles = new Map<string, Role>([
  ['system', 'system'],
  ['developer', 'developer'],
  ['user', 'user'],
  ['assistant', 'assistant'],
  ['tool', 'tool'],
]);

export function decodeMessages(body: JsonObject): readonly Message[] {
  const messages = optionalObjects(body, 'messages');
  if (messages === undefined) throw badField('messages', 'an array');
  const conversation = new Conversation();
  return messages.map(({ value, path }) => {
    const role = roles.get(requiredString(value, 'role', path).toLowerCase());
    if (role === undefined) throw badField(at(path, 'role'), `one of ${[...roles.keys()].join(', ')}`);
    return role === 'tool'
      ? decodeResult(value, path, conversation)
      : decodeMessage(role, { value, path }, conversation);
  });
}

interface Located {
  readonly value: JsonObject;
  readonly path: string;
}

function decodeMessage(role: Role, { value, path }: Located, conversation: Conversation): Message {
  const thinking = optionalString(value, 'thinking', path) ?? '';
  const content: ContentPart[] = [
    ...(thinking === '' ? [] : [{ kind: 'reasoning' as const, text: thinking }]),
    ...decodeContent(value, path),
    ...decodeCalls(value, path, conversation),
  ];
  return { role, content };
}

/** The server puts images before a message's text. */
function decodeContent(message: JsonObject, path: string): readonly ContentPart[] {
  const text = optionalString(message, 'content', path) ?? '';
  return [...decodeImages(message, path), ...(text === '' ? [] : [{ kind: 'text' as const, text }])];
}

function decodeCalls(message: JsonObject, path: string, conversation: Conversation): readonly ToolCallPart[] {
  return (optionalObjects(message, 'tool_calls', path) ?? []).map(({ value, path: here }) => {
    const named = requiredObject(value, 'function', here);
    const name = requiredString(named, 'name', at(here, 'function'));
    return conversation.call(asText(value.id), name, decodeArguments(named, at(here, 'function')));
  });
}

/** An object on this wire; clients that come from OpenAI's send its JSON text. */
function decodeArguments(named: JsonObject, path: string): string {
  const { arguments: given } = named;
  if (typeof given === 'string') return given;
  return argumentsOf(optionalObject(named, 'arguments', path));
}

function decodeResult(message: JsonObject, path: string, conversation: Conversation): Message {
  const id = asText(message.tool_call_id);
  // `name` is what clients sent before the wire had a field of its own.
  const name = asText(message.tool_name) ?? asText(message.name);
  const content = decodeContent(message, path);
  return { role: 'tool', content: [{ kind: 'tool-result', ...conversation.answer(id, name), content }] };
}
