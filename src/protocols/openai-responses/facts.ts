import type { Capability } from '../../core/model.ts';
import type { RequestFacts } from '../canonical.ts';
import { estimateTokens } from '../estimate.ts';
import { isObject, optionalNumber, optionalString } from '../fields.ts';
import type { JsonObject } from '../protocol.ts';

/** Fields whose text is not prompt text: base64, URLs, ids, and reasoning that nobody here can read. */
const unread: ReadonlySet<string> = new Set([
  'image_url',
  'file_data',
  'file_url',
  'input_audio',
  'encrypted_content',
  'id',
]);

const needOfPart: ReadonlyMap<unknown, Capability> = new Map([
  ['input_image', 'vision'],
  ['input_file', 'documents'],
  ['input_audio', 'audio'],
]);

const functionTools: ReadonlySet<unknown> = new Set(['function', 'custom', 'namespace']);

/** A look at the parsed body that builds nothing. Odd shapes count as nothing: `decode` is who complains. */
export function requestFacts(body: JsonObject): RequestFacts {
  const needs = new Set<Capability>();
  const characters = measure(body.input, needs) + measure(body.instructions, needs) + measure(body.tools, needs);
  if (Array.isArray(body.tools) && body.tools.some((tool) => isObject(tool) && functionTools.has(tool.type)))
    needs.add('tools');
  if (wantsStructure(body.text)) needs.add('structured_output');
  return {
    model: optionalString(body, 'model'),
    stream: body.stream === true,
    includeUsage: true,
    needs,
    promptTokens: estimateTokens(characters),
    maxTokens: optionalNumber(body, 'max_output_tokens'),
  };
}

/** Characters of text below `value`; notes on the way what parts need. */
function measure(value: unknown, needs: Set<Capability>): number {
  if (typeof value === 'string') return value.length;
  if (Array.isArray(value)) return value.reduce<number>((sum, entry) => sum + measure(entry, needs), 0);
  if (!isObject(value)) return 0;
  const need = needOfPart.get(value.type);
  if (need !== undefined) needs.add(need);
  let sum = 0;
  for (const [key, entry] of Object.entries(value)) if (!unread.has(key)) sum += measure(entry, needs);
  return sum;
}

function wantsStructure(text: unknown): boolean {
  const format = isObject(text) ? text.format : undefined;
  return isObject(format) && (format.type === 'json_schema' || format.type === 'json_object');
}
