import { append } from '../../../core/append.ts';
import { GatewayError } from '../../../core/errors.ts';
import type { ContentPart, Message, Role, Seal } from '../../canonical.ts';
import { badField, isObject, optionalString, requiredString } from '../../fields.ts';
import type { JsonObject } from '../../protocol.ts';
import { openSeal } from '../seal.ts';
import { customArguments, flatName, searchName, toolOrigins } from '../tools.ts';
import { decodeContent } from './decode-content.ts';

/**
 * The wire lists reasoning, text and calls of one turn as items of their own; here they become one assistant message
 * again, and the results that follow one tool message.
 */
class Conversation {
  readonly messages: Message[] = [];
  readonly drops = new Set<string>();
  readonly #callNames = new Map<string, string>();
  #turn: { readonly role: Role; readonly content: ContentPart[] } | undefined;
  /** Belongs to the next call; see `seal.ts`. */
  #callSeal: Seal | undefined;

  message(role: Role, content: readonly ContentPart[]): void {
    if (role === 'assistant') {
      this.append('assistant', content);
      return;
    }
    this.#turn = undefined;
    this.messages.push({ role, content });
  }

  append(role: 'assistant' | 'tool', content: readonly ContentPart[]): void {
    if (this.#turn?.role !== role) {
      this.#turn = { role, content: [] };
      this.messages.push(this.#turn);
    }
    append(this.#turn.content, content);
  }

  call(id: string, name: string, args: string): void {
    this.#callNames.set(id, name);
    const seal = this.#callSeal;
    this.#callSeal = undefined;
    this.append('assistant', [{ kind: 'tool-call', id, name, arguments: args, ...(seal !== undefined && { seal }) }]);
  }

  result(id: string, content: readonly ContentPart[]): void {
    const name = this.#callNames.get(id);
    this.append('tool', [{ kind: 'tool-result', id, ...(name !== undefined && { name }), content }]);
  }

  sealNextCall(seal: Seal): void {
    this.#callSeal = seal;
  }
}

type ItemDecoder = (item: JsonObject, at: string, into: Conversation) => void;

const itemDecoders: ReadonlyMap<unknown, ItemDecoder> = new Map<unknown, ItemDecoder>([
  ['message', decodeMessage],
  ['reasoning', decodeReasoning],
  ['function_call', decodeCall],
  ['custom_tool_call', decodeCustomCall],
  ['function_call_output', decodeOutput],
  ['custom_tool_call_output', decodeOutput],
  // Read with the other tools; see `decodeTools`.
  ['additional_tools', () => {}],
  ['tool_search_call', decodeSearchCall],
  ['tool_search_output', decodeSearchOutput],
  ['shell_call', clientCall('action')],
  ['shell_call_output', clientOutput],
  ['local_shell_call', clientCall('action')],
  ['local_shell_call_output', clientOutput],
  ['apply_patch_call', clientCall('operation')],
  ['apply_patch_call_output', clientOutput],
  ['compaction', refuseKept],
  ['compaction_trigger', refuseKept],
]);

export interface DecodedItems {
  readonly messages: readonly Message[];
  readonly drops: readonly string[];
}

/** `input` of a request. Items that only the provider itself understands are left out by name. */
export function decodeItems(input: unknown): DecodedItems {
  if (typeof input === 'string')
    return { messages: [{ role: 'user', content: [{ kind: 'text', text: input }] }], drops: [] };
  if (!Array.isArray(input)) throw badField('input', 'a string or an array of items');
  const into = new Conversation();
  for (const [index, item] of input.entries()) {
    const at = `input[${index}]`;
    if (!isObject(item)) throw badField(at, 'an object');
    // The API lets both be left out: what has a role is a message, what has nothing but an id a reference.
    const type = item.type ?? (item.role === undefined ? 'item_reference' : 'message');
    const decode = itemDecoders.get(type);
    if (decode === undefined) into.drops.add(`input.${String(type)}`);
    else decode(item, at, into);
  }
  return { messages: into.messages, drops: [...into.drops] };
}

const roles: ReadonlySet<unknown> = new Set<Role>(['system', 'developer', 'user', 'assistant']);

function decodeMessage(item: JsonObject, at: string, into: Conversation): void {
  const role = item.role;
  if (!roles.has(role)) throw badField(`${at}.role`, "'user', 'assistant', 'system' or 'developer'");
  into.message(
    role as Role,
    decodeContent(item.content, `${at}.content`, (name) => into.drops.add(name)),
  );
}

function calledName(item: JsonObject, at: string): string {
  return flatName(requiredString(item, 'name', at), optionalString(item, 'namespace', at));
}

function decodeCall(item: JsonObject, at: string, into: Conversation): void {
  into.call(requiredString(item, 'call_id', at), calledName(item, at), requiredString(item, 'arguments', at));
}

function decodeCustomCall(item: JsonObject, at: string, into: Conversation): void {
  const args = customArguments(requiredString(item, 'input', at));
  into.call(requiredString(item, 'call_id', at), calledName(item, at), args);
}

/** Codex also reports what no call asked for (a goal that was set): without `call_id`, so it cannot stand as a result. */
function decodeOutput(item: JsonObject, at: string, into: Conversation): void {
  const content = decodeContent(item.output, `${at}.output`, (name) => into.drops.add(name));
  const name = optionalString(item, 'name', at);
  if (item.call_id === undefined && name !== undefined)
    into.message('user', [{ kind: 'text', text: `Output of ${calledName(item, at)}:` }, ...content]);
  else into.result(requiredString(item, 'call_id', at), content);
}

/** Searches that the provider ran have no id: they are its own steps, only what they found counts. */
function decodeSearchCall(item: JsonObject, at: string, into: Conversation): void {
  const id = optionalString(item, 'call_id', at);
  if (id === undefined) return;
  const { arguments: given } = item;
  into.call(id, searchName, typeof given === 'string' ? given : JSON.stringify(given ?? {}));
}

function decodeSearchOutput(item: JsonObject, at: string, into: Conversation): void {
  const id = optionalString(item, 'call_id', at);
  if (id === undefined) return;
  const names = [...toolOrigins(item.tools).keys()];
  const found = `Tools found: ${names.join(', ')}. They can be called now.`;
  into.result(id, [{ kind: 'text', text: names.length === 0 ? 'No tools found.' : found }]);
}

/** Calls of tools that the API defines and the client runs: what was done there matters to whoever goes on. */
function clientCall(field: string): ItemDecoder {
  return (item, at, into) => {
    const name = String(item.type).replace(/_call$/, '');
    into.call(requiredString(item, 'call_id', at), name, JSON.stringify(item[field] ?? {}));
  };
}

function clientOutput(item: JsonObject, at: string, into: Conversation): void {
  // The oldest of these names its call by `id`.
  const id = optionalString(item, 'call_id', at) ?? requiredString(item, 'id', at);
  const { output } = item;
  into.result(id, [{ kind: 'text', text: typeof output === 'string' ? output : JSON.stringify(output ?? '') }]);
}

/** The earlier turns stand in it, sealed by the provider. */
function refuseKept(item: JsonObject, at: string): void {
  throw new GatewayError('unsupported', `'${at}' of type '${String(item.type)}' can only be read by OpenAI.`, {
    param: at,
    hint: 'Send the whole conversation as input.',
  });
}

function decodeReasoning(item: JsonObject, at: string, into: Conversation): void {
  const encrypted = optionalString(item, 'encrypted_content', at);
  const opened = encrypted === undefined || encrypted === '' ? undefined : openSeal(encrypted);
  if (opened?.use === 'call') {
    into.sealNextCall(opened.seal);
    return;
  }
  const reasoning = reasoningText(item);
  if (reasoning.text === '' && opened === undefined) return;
  const id = optionalString(item, 'id', at);
  into.append('assistant', [
    {
      kind: 'reasoning',
      ...reasoning,
      ...(opened !== undefined && { seal: opened.seal }),
      ...(id !== undefined && { id }),
    },
  ]);
}

/** The reasoning itself where it is shown, else its summary. Summaries come in paragraphs. */
export function reasoningText(item: JsonObject): { readonly text: string; readonly isSummary?: true } {
  const content = joinedText(item.content, '');
  if (content !== '') return { text: content };
  const summary = joinedText(item.summary, '\n\n');
  return summary === '' ? { text: '' } : { text: summary, isSummary: true };
}

function joinedText(parts: unknown, separator: string): string {
  if (!Array.isArray(parts)) return '';
  return parts.flatMap((part) => (isObject(part) && typeof part.text === 'string' ? part.text : [])).join(separator);
}
