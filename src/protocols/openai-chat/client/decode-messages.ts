import type { ContentPart, Message, ToolCallPart } from '../../canonical.ts';
import {
  at,
  badField,
  isObject,
  optionalObject,
  optionalObjects,
  optionalString,
  requiredObject,
  requiredString,
} from '../../fields.ts';
import type { JsonObject } from '../../protocol.ts';
import { decodeCallSeal, decodeReasoning } from '../reasoning.ts';
import { decodeContent } from './decode-content.ts';

interface Conversation {
  readonly drops: Set<string>;
  /** Names of the calls so far, by id: results carry ids alone, and other protocols need both. */
  readonly callNames: Map<string, string>;
  /** Ids made up for calls in the older `function_call` form, by name: their results carry names alone. */
  readonly legacyIds: Map<string, string>;
}

type MessageDecoder = (message: JsonObject, path: string, conversation: Conversation) => Message;

const messageDecoders: Readonly<Record<string, MessageDecoder>> = {
  system: decodePlain('system'),
  developer: decodePlain('developer'),
  user: decodePlain('user'),
  assistant: decodeAssistant,
  tool: decodeTool,
  function: decodeLegacyResult,
};

export function decodeMessages(body: JsonObject, drops: Set<string>): readonly Message[] {
  const messages = optionalObjects(body, 'messages');
  if (messages === undefined) throw badField('messages', 'an array');
  const conversation: Conversation = { drops, callNames: new Map(), legacyIds: new Map() };
  return messages.map(({ value, path }) => {
    const role = requiredString(value, 'role', path);
    const decode = Object.hasOwn(messageDecoders, role) ? messageDecoders[role] : undefined;
    if (decode === undefined) {
      throw badField(at(path, 'role'), `one of ${Object.keys(messageDecoders).join(', ')}`);
    }
    return decode(value, path, conversation);
  });
}

function decodePlain(role: 'system' | 'developer' | 'user'): MessageDecoder {
  return (message, path, { drops }) => {
    const { content } = message;
    if (content === undefined || content === null) throw badField(at(path, 'content'), 'a string or an array of parts');
    return { role, name: optionalString(message, 'name', path), content: decodeContent(message, path, drops) };
  };
}

/** On this wire reasoning, text, refusal and calls stand in fields of their own; this is the order they came in. */
function decodeAssistant(message: JsonObject, path: string, conversation: Conversation): Message {
  const refusal = optionalString(message, 'refusal', path);
  const content: ContentPart[] = [
    ...decodeReasoning(message),
    ...decodeContent(message, path, conversation.drops),
    ...(refusal === undefined || refusal === '' ? [] : [{ kind: 'refusal' as const, text: refusal }]),
    ...decodeCalls(message, path, conversation),
  ];
  if (message.audio !== undefined && message.audio !== null) conversation.drops.add('messages.audio');
  return { role: 'assistant', name: optionalString(message, 'name', path), content };
}

function decodeCalls(message: JsonObject, path: string, conversation: Conversation): readonly ToolCallPart[] {
  const calls: ToolCallPart[] = [];
  for (const { value, path: here } of optionalObjects(message, 'tool_calls', path) ?? []) {
    const type = optionalString(value, 'type', here) ?? 'function';
    if (type === 'function') calls.push(decodeCall(value, here));
    else conversation.drops.add(`tool_calls.${type}`);
  }
  const legacy = optionalObject(message, 'function_call', path);
  if (legacy !== undefined) calls.push(decodeLegacyCall(legacy, at(path, 'function_call'), conversation));
  for (const call of calls) conversation.callNames.set(call.id, call.name);
  return calls;
}

function decodeCall(call: JsonObject, path: string): ToolCallPart {
  const here = at(path, 'function');
  const named = requiredObject(call, 'function', path);
  return {
    kind: 'tool-call',
    id: requiredString(call, 'id', path),
    name: requiredString(named, 'name', here),
    arguments: decodeArguments(named, here),
    seal: decodeCallSeal(call),
  };
}

/** JSON text; some clients send the object itself, as Ollama's own protocol has it. */
function decodeArguments(named: JsonObject, path: string): string {
  const { arguments: given } = named;
  return isObject(given) ? JSON.stringify(given) : (optionalString(named, 'arguments', path) ?? '{}');
}

function decodeLegacyCall(call: JsonObject, path: string, conversation: Conversation): ToolCallPart {
  const name = requiredString(call, 'name', path);
  const id = `call_${conversation.callNames.size}_${name}`;
  conversation.legacyIds.set(name, id);
  return { kind: 'tool-call', id, name, arguments: decodeArguments(call, path) };
}

function decodeTool(message: JsonObject, path: string, { drops, callNames }: Conversation): Message {
  const id = requiredString(message, 'tool_call_id', path);
  const name = callNames.get(id) ?? optionalString(message, 'name', path);
  const content = decodeContent(message, path, drops);
  return { role: 'tool', content: [{ kind: 'tool-result', id, name, content }] };
}

function decodeLegacyResult(message: JsonObject, path: string, { drops, legacyIds }: Conversation): Message {
  const name = requiredString(message, 'name', path);
  const id = legacyIds.get(name) ?? `call_${name}`;
  const content = decodeContent(message, path, drops);
  return { role: 'tool', content: [{ kind: 'tool-result', id, name, content }] };
}
