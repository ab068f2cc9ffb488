import type { CanonicalRequest, Tool } from '../../canonical.ts';
import { asArray, present } from '../../fields.ts';
import { offeredTools } from '../../offered-tools.ts';
import type { ChatBody, WireTool } from '../wire.ts';
import { dropCacheMark, type EncodeState } from './encoding.ts';

type ToolFields = Partial<Pick<ChatBody, 'tools' | 'strict_tools' | 'tool_choice'>>;

/**
 * Tools and how they are to be chosen. The API knows "some tool" and "none"; a named tool, or some of them, is said by
 * offering no others.
 */
export function encodeTools(request: CanonicalRequest, state: EncodeState): ToolFields {
  const offered = shownTools(request);
  if (offered.length === 0) return {};
  if (request.parallelToolCalls === false) state.drops.add('parallel_tool_calls');
  return present({
    tools: offered.map((tool) => encodeTool(tool, state)),
    strict_tools: encodeStrict(offered, state),
    tool_choice: encodeChoice(request),
  });
}

/** Nor can the wire name the one tool that must be called. */
function shownTools(request: CanonicalRequest): readonly Tool[] {
  const { tools, toolChoice } = request;
  return toolChoice?.kind === 'tool' ? tools.filter((tool) => tool.name === toolChoice.name) : offeredTools(request);
}

function encodeTool(tool: Tool, state: EncodeState): WireTool {
  dropCacheMark(tool.cache, state);
  const { name, description, parameters } = tool;
  return { type: 'function', function: present({ name, description, parameters }) };
}

/** One switch for all tools, which the API refuses where a tool requires no parameter. */
function encodeStrict(tools: readonly Tool[], { drops }: EncodeState): true | undefined {
  if (tools.every((tool) => tool.strict === true && asArray(tool.parameters.required).length > 0)) return true;
  if (tools.some((tool) => tool.strict === true)) drops.add('tools.strict');
  return undefined;
}

function encodeChoice({ toolChoice }: CanonicalRequest): ChatBody['tool_choice'] {
  switch (toolChoice?.kind) {
    case 'required':
    case 'tool':
      return 'REQUIRED';
    case 'none':
      return 'NONE';
    case 'allowed':
      return toolChoice.isRequired ? 'REQUIRED' : undefined;
    case undefined:
    case 'auto':
      return undefined;
  }
}
