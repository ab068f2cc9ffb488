/*
 * The published rules of `POST /v1/responses`, written from the API's reference and error texts, without any code of
 * the router's: what passes here would pass there.
 */

import {
  checkName,
  isObject,
  listAt,
  missing,
  numberIn,
  oneOf,
  onlyKeys,
  RuleBroken,
  textAt,
  wrongType,
} from './responses-checks.ts';
import { checkInput } from './responses-input-rules.ts';
import type { Json } from './vendor-server.ts';

/** Models by whether they reason. */
export const models: ReadonlyMap<string, boolean> = new Map([
  ['gpt-5.1', true],
  ['gpt-4.1', false],
]);

const topLevel = [
  'background',
  'conversation',
  'include',
  'input',
  'instructions',
  'max_output_tokens',
  'max_tool_calls',
  'metadata',
  'model',
  'parallel_tool_calls',
  'previous_response_id',
  'prompt',
  'prompt_cache_key',
  'prompt_cache_retention',
  'reasoning',
  'safety_identifier',
  'service_tier',
  'store',
  'stream',
  'stream_options',
  'temperature',
  'text',
  'tool_choice',
  'tools',
  'top_logprobs',
  'top_p',
  'truncation',
  'user',
];

const includable = ['reasoning.encrypted_content', 'message.output_text.logprobs', 'message.input_image.image_url'];

/** Throws RuleBroken for the first rule that the body breaks. */
export function checkRequest(body: unknown): asserts body is Json {
  if (!isObject(body)) throw new RuleBroken('We could not parse the JSON body of your request.');
  onlyKeys(body, topLevel, '');
  const model = textAt(body.model, 'model');
  const reasons = models.get(model);
  if (reasons === undefined)
    throw new RuleBroken(`The requested model '${model}' does not exist.`, { code: 'model_not_found', param: 'model' });
  if (body.previous_response_id !== undefined)
    throw new RuleBroken(`Previous response with id '${String(body.previous_response_id)}' not found.`, {
      code: 'previous_response_not_found',
      param: 'previous_response_id',
    });
  checkSettings(body);
  checkReasoning(body, reasons);
  checkTools(body);
  checkFormat(body.text);
  checkInput(body);
}

function checkSettings(body: Json): void {
  numberIn(body.max_output_tokens, [16, 1_000_000], 'max_output_tokens');
  numberIn(body.temperature, [0, 2], 'temperature');
  numberIn(body.top_p, [0, 1], 'top_p');
  numberIn(body.top_logprobs, [0, 20], 'top_logprobs');
  for (const field of ['stream', 'store', 'parallel_tool_calls', 'background'])
    if (body[field] !== undefined && typeof body[field] !== 'boolean') wrongType(field, 'a boolean');
  if (body.service_tier !== undefined)
    oneOf(body.service_tier, ['auto', 'default', 'flex', 'scale', 'priority'], 'service_tier');
  if (body.truncation !== undefined) oneOf(body.truncation, ['auto', 'disabled'], 'truncation');
  for (const value of listAt(body.include, 'include')) oneOf(value, includable, 'include');
  for (const [key, value] of Object.entries(isObject(body.metadata) ? body.metadata : {}))
    textAt(value, `metadata.${key}`);
}

function checkReasoning(body: Json, reasons: boolean): void {
  const { reasoning, include } = body;
  if (!reasons && Array.isArray(include) && include.includes('reasoning.encrypted_content'))
    throw new RuleBroken('Encrypted content is not supported with this model.', { param: 'include' });
  if (reasoning === undefined) return;
  if (!isObject(reasoning)) wrongType('reasoning', 'an object');
  onlyKeys(reasoning, ['effort', 'summary', 'generate_summary'], 'reasoning');
  if (reasoning.effort !== undefined) {
    if (!reasons)
      throw new RuleBroken("Unsupported parameter: 'reasoning.effort' is not supported with this model.", {
        code: 'unsupported_parameter',
        param: 'reasoning.effort',
      });
    oneOf(reasoning.effort, ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'], 'reasoning.effort');
  }
  if (reasoning.summary !== undefined) oneOf(reasoning.summary, ['auto', 'concise', 'detailed'], 'reasoning.summary');
}

function checkTools(body: Json): void {
  const names = listAt(body.tools, 'tools').map((tool, index) => checkTool(tool, `tools[${index}]`));
  const { tool_choice: choice } = body;
  if (choice === undefined) return;
  if (names.length === 0) throw new RuleBroken("Tool choices need 'tools'.", { param: 'tool_choice' });
  if (!isObject(choice)) return oneOf(choice, ['none', 'auto', 'required'], 'tool_choice');
  oneOf(choice.type, ['function', 'allowed_tools', 'custom'], 'tool_choice.type');
  const chosen = choice.type === 'allowed_tools' ? listAt(choice.tools, 'tool_choice.tools') : [choice];
  for (const tool of chosen) {
    if (!isObject(tool) || !names.includes(String(tool.name)))
      throw new RuleBroken('Tool choice not found in tools.', { param: 'tool_choice' });
  }
}

function checkTool(tool: unknown, path: string): string {
  if (!isObject(tool)) return wrongType(path, 'an object');
  oneOf(tool.type, ['function', 'custom', 'web_search'], `${path}.type`);
  if (tool.type === 'web_search') return '';
  const fields = tool.type === 'custom' ? ['format'] : ['parameters', 'strict'];
  onlyKeys(tool, ['type', 'name', 'description', ...fields], path);
  const name = textAt(tool.name, `${path}.name`);
  checkName(name, `${path}.name`);
  if (tool.type === 'function') {
    if (!isObject(tool.parameters)) return missing(`${path}.parameters`);
    if (tool.strict === true) checkStrict(tool.parameters, name);
  }
  return name;
}

/** Strict schemas are closed and require all their properties. */
function checkStrict(schema: Json, name: string): void {
  if (schema.type !== 'object') return;
  const properties = Object.keys(isObject(schema.properties) ? schema.properties : {});
  const required = Array.isArray(schema.required) ? schema.required : [];
  if (schema.additionalProperties === false && properties.every((key) => required.includes(key))) return;
  const message = `Invalid schema for '${name}': 'additionalProperties' must be false and 'required' must hold every key.`;
  throw new RuleBroken(message, { code: 'invalid_function_parameters' });
}

function checkFormat(text: unknown): void {
  if (text === undefined) return;
  if (!isObject(text)) wrongType('text', 'an object');
  onlyKeys(text, ['format', 'verbosity'], 'text');
  if (text.verbosity !== undefined) oneOf(text.verbosity, ['low', 'medium', 'high'], 'text.verbosity');
  const { format } = text;
  if (format === undefined) return;
  if (!isObject(format)) wrongType('text.format', 'an object');
  oneOf(format.type, ['text', 'json_object', 'json_schema'], 'text.format.type');
  if (format.type !== 'json_schema') return onlyKeys(format, ['type'], 'text.format');
  onlyKeys(format, ['type', 'name', 'description', 'schema', 'strict'], 'text.format');
  const name = textAt(format.name, 'text.format.name');
  if (!isObject(format.schema)) missing('text.format.schema');
  if (format.strict === true) checkStrict(format.schema, name);
}
