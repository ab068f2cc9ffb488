import type { CacheMark, Tool, ToolChoice } from '../../canonical.ts';
import {
  asString,
  at,
  isObject,
  optionalBoolean,
  optionalObject,
  optionalObjects,
  optionalString,
  requiredObject,
  requiredString,
} from '../../fields.ts';
import type { JsonObject } from '../../protocol.ts';

/** `cache_control` (OpenRouter, Anthropic-minded clients) or OpenAI's own `prompt_cache_breakpoint`. */
export function decodeCacheMark(from: JsonObject): CacheMark | undefined {
  const mark = from.cache_control ?? from.prompt_cache_breakpoint;
  return isObject(mark) ? { ttl: asString(mark.ttl) } : undefined;
}

/** Functions of `tools` and of the older `functions`; other kinds run at OpenAI alone and are dropped by name. */
export function decodeTools(body: JsonObject, drops: Set<string>): readonly Tool[] {
  const tools: Tool[] = [];
  for (const { value, path } of optionalObjects(body, 'tools') ?? []) {
    const type = optionalString(value, 'type', path) ?? 'function';
    if (type === 'function') {
      const tool = decodeFunction(requiredObject(value, 'function', path), at(path, 'function'));
      tools.push({ ...tool, cache: decodeCacheMark(value) });
    } else drops.add(`tools.${type}`);
  }
  for (const { value, path } of optionalObjects(body, 'functions') ?? []) tools.push(decodeFunction(value, path));
  return tools;
}

function decodeFunction(value: JsonObject, path: string): Tool {
  return {
    name: requiredString(value, 'name', path),
    description: optionalString(value, 'description', path),
    parameters: optionalObject(value, 'parameters', path) ?? { type: 'object', properties: {} },
    strict: optionalBoolean(value, 'strict', path),
  };
}

export function decodeToolChoice(body: JsonObject, drops: Set<string>): ToolChoice | undefined {
  const choice = body.tool_choice ?? body.function_call;
  if (typeof choice === 'string') return choiceByWord(choice, drops);
  if (!isObject(choice)) return undefined;
  const { function: named, type } = choice;
  if (type === 'allowed_tools') return decodeAllowed(choice, drops);
  // The older function_call names its function on top.
  const name = asString(isObject(named) ? named.name : choice.name);
  if (name !== undefined && type !== 'custom') return { kind: 'tool', name };
  drops.add('tool_choice');
  return undefined;
}

function choiceByWord(word: string, drops: Set<string>): ToolChoice | undefined {
  switch (word) {
    case 'auto':
    case 'none':
    case 'required':
      return { kind: word };
    // Mistral's word.
    case 'any':
      return { kind: 'required' };
    default:
      drops.add('tool_choice');
      return undefined;
  }
}

function decodeAllowed(choice: JsonObject, drops: Set<string>): ToolChoice {
  const allowed = requiredObject(choice, 'allowed_tools', 'tool_choice');
  const tools = optionalObjects(allowed, 'tools', 'tool_choice.allowed_tools') ?? [];
  const names = tools.flatMap(({ value }) => {
    const { function: named } = value;
    const name = asString(isObject(named) ? named.name : value.name);
    if (name === undefined) drops.add('tool_choice.allowed_tools');
    return name === undefined ? [] : [name];
  });
  return { kind: 'allowed', names, isRequired: allowed.mode === 'required' };
}
