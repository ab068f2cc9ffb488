import type { CanonicalRequest, Tool } from '../../canonical.ts';
import type { Encoding } from '../../claude/encoding.ts';
import { offeredTools } from '../../offered-tools.ts';
import type { ToolChoice, Tool as WireTool } from '../wire.ts';

export interface EncodedTools {
  readonly tools?: WireTool[];
  readonly tool_choice?: ToolChoice;
}

function encodeTool(tool: Tool, encoding: Encoding): WireTool {
  const isStrict = tool.strict === true && encoding.traits.structured;
  if (tool.strict === true && !isStrict) encoding.drops.add('tools.strict');
  return {
    name: tool.name,
    ...(tool.description === undefined ? undefined : { description: tool.description }),
    input_schema: { ...tool.parameters, type: 'object' },
    ...(isStrict ? { strict: true } : undefined),
    ...encoding.cache(tool.cache),
  };
}

function encodeChoice(request: CanonicalRequest): ToolChoice | undefined {
  const choice = request.toolChoice;
  const parallel = request.parallelToolCalls === undefined ? undefined : !request.parallelToolCalls;
  const single = parallel === undefined ? undefined : { disable_parallel_tool_use: parallel };
  switch (choice?.kind) {
    case undefined:
      return single === undefined ? undefined : { type: 'auto', ...single };
    case 'auto':
      return { type: 'auto', ...single };
    case 'none':
      return { type: 'none' };
    case 'required':
      return { type: 'any', ...single };
    case 'tool':
      return { type: 'tool', name: choice.name, ...single };
    case 'allowed':
      return { type: choice.isRequired ? 'any' : 'auto', ...single };
  }
}

/** A choice without tools is a 400, so it goes with them. */
export function encodeTools(request: CanonicalRequest, encoding: Encoding): EncodedTools {
  const tools = offeredTools(request).map((tool) => encodeTool(tool, encoding));
  if (tools.length === 0) return {};
  const choice = encodeChoice(request);
  return choice === undefined ? { tools } : { tools, tool_choice: choice };
}
