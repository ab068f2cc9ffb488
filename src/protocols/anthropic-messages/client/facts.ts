import type { Capability } from '../../../core/model.ts';
import type { RequestFacts } from '../../canonical.ts';
import { estimateTokens } from '../../estimate.ts';
import { isObject } from '../../fields.ts';
import type { JsonObject } from '../../protocol.ts';

/** Fields that hold bytes or seals: long, and no measure of the prompt in tokens. */
const opaqueFields: ReadonlySet<string> = new Set(['data', 'signature']);

function textLength(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + textLength(item), 0);
  if (!isObject(value)) return 0;
  let sum = 0;
  const isText = value.type === 'text';
  for (const key in value) if (isText || !opaqueFields.has(key)) sum += textLength(value[key]);
  return sum;
}

function addBlockNeeds(content: unknown, needs: Set<Capability>): void {
  if (!Array.isArray(content)) return;
  for (const block of content) {
    if (!isObject(block)) continue;
    if (block.type === 'image') needs.add('vision');
    if (block.type === 'tool_addition') needs.add('tools');
    // Documents given as text need nothing of the model that text does not.
    if (block.type === 'document' && isObject(block.source) && block.source.type !== 'text') needs.add('documents');
    if (block.type === 'tool_result') addBlockNeeds(block.content, needs);
  }
}

function isCustomTool(tool: unknown): boolean {
  return isObject(tool) && (tool.type === undefined || tool.type === null || tool.type === 'custom');
}

/**
 * Thinking is not a need: agents ask for it of every model, and one that cannot think answers without. Tools, pictures
 * and an output format are: leaving them out would change the answer.
 */
function needsOf(body: JsonObject): ReadonlySet<Capability> {
  const needs = new Set<Capability>();
  if (Array.isArray(body.tools) && body.tools.some(isCustomTool)) needs.add('tools');
  const config = isObject(body.output_config) ? body.output_config : {};
  if (isObject(config.format) || isObject(body.output_format)) needs.add('structured_output');
  if (!Array.isArray(body.messages)) return needs;
  for (const message of body.messages) if (isObject(message)) addBlockNeeds(message.content, needs);
  return needs;
}

/** Never throws: what is odd here is named when the body is decoded or by the upstream it is passed to. */
export function requestFacts(body: JsonObject): RequestFacts {
  const length = textLength(body.system) + textLength(body.messages) + textLength(body.tools);
  return {
    model: typeof body.model === 'string' ? body.model : undefined,
    stream: body.stream === true,
    includeUsage: true,
    needs: needsOf(body),
    promptTokens: estimateTokens(length),
    maxTokens: typeof body.max_tokens === 'number' ? body.max_tokens : undefined,
  };
}
