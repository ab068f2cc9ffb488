import type { Capability } from '../../../core/model.ts';
import type { RequestFacts } from '../../canonical.ts';
import { estimateTokens, tokensPerImage } from '../../estimate.ts';
import { asArray, asNumber, asObject, asText, isObject } from '../../fields.ts';
import type { JsonObject } from '../../protocol.ts';
import { inputTools, isClientSearch } from '../tools.ts';

/** Fields whose text is not prompt text: base64, URLs, ids, and reasoning that cannot be read here. */
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

const structuredFormats: ReadonlySet<unknown> = new Set(['json_schema', 'json_object']);

const functionTools: ReadonlySet<unknown> = new Set(['function', 'custom', 'namespace']);

/** A look at the parsed body that builds nothing. Odd shapes count as nothing: `decode` is who complains. */
export function requestFacts(body: JsonObject): RequestFacts {
  const prompt: Prompt = { characters: 0, images: 0, needs: new Set() };
  for (const field of ['input', 'instructions', 'tools']) measure(body[field], prompt);
  const tools = [...asArray(body.tools), ...inputTools(body.input)];
  if (tools.some((tool) => functionTools.has(asObject(tool)?.type) || isClientSearch(tool))) prompt.needs.add('tools');
  if (structuredFormats.has(asObject(asObject(body.text)?.format)?.type)) prompt.needs.add('structured_output');
  return {
    model: asText(body.model),
    stream: body.stream === true,
    includeUsage: true,
    needs: prompt.needs,
    promptTokens: estimateTokens(prompt.characters) + prompt.images * tokensPerImage,
    maxTokens: asNumber(body.max_output_tokens),
  };
}

interface Prompt {
  characters: number;
  images: number;
  readonly needs: Set<Capability>;
}

/** Adds up the text below `value`, whatever its shape, and notes what its parts need. */
function measure(value: unknown, prompt: Prompt): void {
  if (typeof value === 'string') prompt.characters += value.length;
  else if (Array.isArray(value)) for (const entry of value) measure(entry, prompt);
  else if (isObject(value)) measureObject(value, prompt);
}

function measureObject(value: JsonObject, prompt: Prompt): void {
  const need = needOfPart.get(value.type);
  if (need !== undefined) prompt.needs.add(need);
  if (need === 'vision') prompt.images += 1;
  for (const [key, entry] of Object.entries(value)) if (!unread.has(key)) measure(entry, prompt);
}
