import type { CanonicalRequest, Tool } from '../../canonical.ts';
import { offeredTools } from '../../offered-tools.ts';
import { wireName } from '../names.ts';
import type { CachePoint, ToolChoice, ToolConfig, ToolSpec } from '../wire.ts';
import type { Encoding } from './encoding.ts';

function encodeTool(tool: Tool, encoding: Encoding): readonly (ToolSpec | CachePoint)[] {
  const isStrict = tool.strict === true && encoding.traits.isClaude && encoding.traits.claude.structured;
  if (tool.strict === true && !isStrict) encoding.drops.add('tools.strict');
  const spec: ToolSpec = {
    toolSpec: {
      name: wireName(tool.name),
      // The API refuses an empty one.
      ...(tool.description ? { description: tool.description } : undefined),
      inputSchema: { json: { ...tool.parameters, type: 'object' } },
      ...(isStrict ? { strict: true } : undefined),
    },
  };
  return [spec, ...encoding.cachePoint(tool.cache, 'tools')];
}

/** Tools that were called earlier: the API refuses a conversation with calls that comes without a single tool. */
function calledTools(request: CanonicalRequest): readonly Tool[] {
  const calls = request.messages.flatMap(({ content }) => content.filter((part) => part.kind === 'tool-call'));
  return [...new Set(calls.map(({ name }) => name))].map((name) => ({
    name,
    description: 'Was used earlier in this conversation and is not available any more.',
    parameters: { type: 'object' },
  }));
}

function encodeChoice(request: CanonicalRequest): ToolChoice | undefined {
  const choice = request.toolChoice;
  switch (choice?.kind) {
    case undefined:
    case 'auto':
    case 'none':
      return undefined;
    case 'required':
      return { any: {} };
    case 'tool':
      return { tool: { name: wireName(choice.name) } };
    case 'allowed':
      return choice.isRequired ? { any: {} } : undefined;
  }
}

/** Calling is left to the model where nothing else is asked: some models refuse even the word `auto`. */
export function encodeTools(request: CanonicalRequest, encoding: Encoding): ToolConfig | undefined {
  const history = calledTools(request);
  const isForbidden = request.toolChoice?.kind === 'none';
  // The wire has no "none". Without tools the model cannot call; where calls went before, tools there must be.
  if (isForbidden && history.length > 0) encoding.drops.add('tool_choice');
  const shown = isForbidden && history.length === 0 ? [] : offeredTools(request);
  if (request.parallelToolCalls === false && shown.length > 0) encoding.drops.add('parallel_tool_calls');
  const tools = (shown.length > 0 ? shown : history).flatMap((tool) => encodeTool(tool, encoding));
  if (tools.length === 0) return undefined;
  const toolChoice = shown.length > 0 ? encodeChoice(request) : undefined;
  return toolChoice === undefined ? { tools } : { tools, toolChoice };
}
