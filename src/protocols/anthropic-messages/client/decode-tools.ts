import type { Tool, ToolChoice } from '../../canonical.ts';
import type { Drops } from '../../drops.ts';
import { asText, isObject } from '../../fields.ts';
import { badField, Fields, flag, object, text } from '../fields.ts';
import { type Conversation, cacheMark } from './decode-messages.ts';

/** Tool fields that are carried or heeded, or whose absence changes nothing. */
const knownToolFields: ReadonlySet<string> = new Set([
  'type',
  'name',
  'description',
  'input_schema',
  'strict',
  'cache_control',
  'defer_loading',
  'eager_input_streaming',
  'allowed_callers',
]);

/** Undefined for a server tool: only Anthropic can run or define it. */
function decodeTool(value: unknown, path: string, drops: Drops): Tool | undefined {
  const tool = Fields.of(value, path);
  const type = tool.optional('type', text);
  if (type !== undefined && type !== 'custom') {
    drops.add(`tools.${type}`);
    return undefined;
  }
  for (const key of Object.keys(tool.value)) if (!knownToolFields.has(key)) drops.add(`tools.${key}`);
  return {
    name: tool.required('name', text),
    description: tool.optional('description', text),
    parameters: tool.required('input_schema', object),
    strict: tool.optional('strict', flag),
    cache: cacheMark(tool),
  };
}

/**
 * A deferred tool is not shown to the model before a search found it. Where the search is Anthropic's own, which no
 * other model has, all of them are shown.
 */
export function decodeTools(tools: readonly unknown[], conversation: Conversation): readonly Tool[] {
  const { shownTools: shown, removedTools: removed, addedTools, drops } = conversation;
  const isDeferring = !tools.some((tool) => isObject(tool) && asText(tool.type)?.startsWith('tool_search_tool'));
  const offered = new Map<string, Tool>();
  const declared = tools.map((value, index) => ({ value, path: `tools.${index}` }));
  for (const { value, path } of [...declared, ...addedTools]) {
    const tool = decodeTool(value, path, drops);
    if (tool === undefined || removed.has(tool.name)) continue;
    const isHidden = isDeferring && isObject(value) && value.defer_loading === true && !shown.has(tool.name);
    if (!isHidden) offered.set(tool.name, tool);
  }
  return [...offered.values()];
}

function namedChoice(choice: Fields, tools: readonly Tool[], drops: Drops): ToolChoice | undefined {
  const name = choice.required('name', text);
  if (tools.some((tool) => tool.name === name)) return { kind: 'tool', name };
  drops.add('tool_choice');
  return undefined;
}

/** A choice that only a dropped tool could meet is dropped with it. */
export function decodeToolChoice(choice: Fields, tools: readonly Tool[], drops: Drops): ToolChoice | undefined {
  const type = choice.required('type', text);
  switch (type) {
    case 'auto':
      return { kind: 'auto' };
    case 'none':
      return { kind: 'none' };
    case 'any':
      if (tools.length > 0) return { kind: 'required' };
      drops.add('tool_choice');
      return undefined;
    case 'tool':
      return namedChoice(choice, tools, drops);
    default:
      throw badField(choice.path('type'), "Input should be 'auto', 'any', 'tool' or 'none'");
  }
}

export function decodeParallel(choice: Fields): boolean | undefined {
  const disabled = choice.optional('disable_parallel_tool_use', flag);
  return disabled === undefined ? undefined : !disabled;
}
