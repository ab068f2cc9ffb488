/* Rules of `input`; see `responses-rules.ts`. */

import {
  checkName,
  invalid,
  isObject,
  missing,
  oneOf,
  onlyKeys,
  RuleBroken,
  textAt,
  wrongType,
} from './responses-checks.ts';
import type { Json } from './vendor-server.ts';

/** What an encrypted reasoning of this API begins with. */
export const encryptedPrefix = 'gAAAAA';

/** Items of `input`, each by itself and the calls among them. */
export function checkInput(body: Json): void {
  const { input } = body;
  if (input === undefined) missing('input');
  if (typeof input === 'string') return;
  if (!Array.isArray(input)) wrongType('input', 'a string or an array');
  if (body.instructions !== undefined) textAt(body.instructions, 'instructions');
  for (const [index, item] of input.entries()) checkItem(item, `input[${index}]`, input.slice(index + 1));
  checkCalls(input);
}

const itemFields: Readonly<Record<string, readonly string[]>> = {
  message: ['type', 'role', 'content', 'id', 'status', 'phase'],
  function_call: ['type', 'call_id', 'name', 'arguments', 'id', 'status', 'namespace'],
  function_call_output: ['type', 'call_id', 'output', 'id', 'status'],
  custom_tool_call: ['type', 'call_id', 'name', 'input', 'id', 'status'],
  custom_tool_call_output: ['type', 'call_id', 'output', 'id', 'status'],
  reasoning: ['type', 'id', 'summary', 'content', 'encrypted_content', 'status'],
};

function checkItem(item: unknown, path: string, after: readonly unknown[]): void {
  if (!isObject(item)) wrongType(path, 'an object');
  const type = item.type ?? 'message';
  const fields = typeof type === 'string' ? itemFields[type] : undefined;
  if (fields === undefined) return oneOf(type, Object.keys(itemFields), `${path}.type`);
  onlyKeys(item, fields, path);
  switch (type) {
    case 'message':
      return checkMessage(item, path);
    case 'function_call':
      checkName(textAt(item.name, `${path}.name`), `${path}.name`);
      textAt(item.arguments, `${path}.arguments`);
      textAt(item.call_id, `${path}.call_id`);
      return;
    case 'function_call_output':
      textAt(item.call_id, `${path}.call_id`);
      if (typeof item.output !== 'string') checkContent(item.output, inputParts, `${path}.output`);
      return;
    case 'reasoning':
      return checkReasoningItem(item, path, after);
    default:
      textAt(item.call_id, `${path}.call_id`);
  }
}

const inputParts: Readonly<Record<string, readonly string[]>> = {
  input_text: ['type', 'text'],
  input_image: ['type', 'image_url', 'file_id', 'detail'],
  input_file: ['type', 'file_data', 'file_url', 'file_id', 'filename'],
};
const outputParts: Readonly<Record<string, readonly string[]>> = {
  output_text: ['type', 'text', 'annotations', 'logprobs'],
  refusal: ['type', 'refusal'],
};

function checkMessage(item: Json, path: string): void {
  oneOf(item.role, ['user', 'assistant', 'system', 'developer'], `${path}.role`);
  if (typeof item.content === 'string') return;
  checkContent(item.content, item.role === 'assistant' ? outputParts : inputParts, `${path}.content`);
}

function checkContent(content: unknown, allowed: Readonly<Record<string, readonly string[]>>, path: string): void {
  if (!Array.isArray(content)) wrongType(path, 'a string or an array');
  for (const [index, part] of content.entries()) {
    const here = `${path}[${index}]`;
    if (!isObject(part)) wrongType(here, 'an object');
    oneOf(part.type, Object.keys(allowed), `${here}.type`);
    onlyKeys(part, allowed[String(part.type)] ?? [], here);
    checkPart(part, here);
  }
}

function checkPart(part: Json, path: string): void {
  switch (part.type) {
    case 'input_image': {
      const { image_url: url } = part;
      if ((url === undefined) === (part.file_id === undefined)) missing(`${path}.image_url`);
      if (typeof url === 'string' && !/^(?:https?:|data:image\/[a-z]+;base64,)/.test(url))
        invalid(`${path}.image_url`, 'expected a valid URL.');
      return;
    }
    case 'input_file':
      if (typeof part.file_data === 'string' && !part.file_data.startsWith('data:'))
        invalid(`${path}.file_data`, 'expected a base64-encoded data URL.');
      if (part.file_data !== undefined && part.filename === undefined) missing(`${path}.filename`);
      return;
    case 'refusal':
      textAt(part.refusal, `${path}.refusal`);
      return;
    default:
      textAt(part.text, `${path}.text`);
  }
}

/** Nothing is kept with `store: false`, so reasoning must come sealed by this API, and before what it led to. */
function checkReasoningItem(item: Json, path: string, after: readonly unknown[]): void {
  // The reference asks for one, but the API's own agent never sends it along with the encrypted content.
  const id = item.id === undefined ? '' : textAt(item.id, `${path}.id`);
  if (item.id !== undefined && !id.startsWith('rs_')) invalid(`${path}.id`, "expected an ID that begins with 'rs'.");
  if (!Array.isArray(item.summary)) missing(`${path}.summary`);
  if (Array.isArray(item.content) && item.content.length > 0)
    throw new RuleBroken('Reasoning content is not accepted by this model.', { param: `${path}.content` });
  if (typeof item.encrypted_content !== 'string')
    throw new RuleBroken(`Item with id '${id}' not found. Items are not persisted when 'store' is set to false.`, {
      status: 404,
      param: 'input',
    });
  if (!item.encrypted_content.startsWith(encryptedPrefix))
    throw new RuleBroken(`The encrypted content for item ${id} could not be verified.`, {
      code: 'invalid_encrypted_content',
    });
  const [next] = after;
  const isFollowed =
    isObject(next) && (next.role === 'assistant' || ['function_call', 'reasoning'].includes(String(next.type)));
  if (!isFollowed)
    throw new RuleBroken(`Item '${id}' of type 'reasoning' was provided without its required following item.`);
}

/** Calls and outputs come in pairs. */
function checkCalls(input: readonly unknown[]): void {
  const calls = new Set<unknown>();
  const outputs = new Set<unknown>();
  for (const item of input.filter(isObject)) {
    if (item.type === 'function_call') calls.add(item.call_id);
    if (item.type !== 'function_call_output') continue;
    if (!calls.has(item.call_id))
      throw new RuleBroken(`No tool call found for function call output with call_id ${String(item.call_id)}.`, {
        param: 'input',
      });
    outputs.add(item.call_id);
  }
  for (const call of calls)
    if (!outputs.has(call))
      throw new RuleBroken(`No tool output found for function call ${String(call)}.`, { param: 'input' });
}
