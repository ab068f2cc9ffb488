import { GatewayError } from '../../../core/errors.ts';
import type {
  CanonicalRequest,
  Extensions,
  Message,
  OutputFormat,
  ReasoningEffort,
  ReasoningRequest,
} from '../../canonical.ts';
import { unknownFields } from '../../extensions.ts';
import {
  badField,
  optionalBoolean,
  optionalNumber,
  optionalObject,
  optionalString,
  requiredString,
} from '../../fields.ts';
import type { DecodedRequest, InboundRoute, JsonObject } from '../../protocol.ts';
import { decodeToolChoice, decodeTools, inputTools, inputToolsField } from '../tools.ts';
import { protocol, verbosityField } from '../wire.ts';
import { decodeItems } from './decode-items.ts';

/** What the answer repeats as the client wrote it. */
const echoed = [
  'instructions',
  'max_output_tokens',
  'max_tool_calls',
  'metadata',
  'parallel_tool_calls',
  'previous_response_id',
  'prompt_cache_key',
  'reasoning',
  'safety_identifier',
  'service_tier',
  'store',
  'temperature',
  'text',
  'tool_choice',
  'tools',
  'top_logprobs',
  'top_p',
  'truncation',
  'user',
] as const;

/** Read below, or of no meaning to another upstream; the rest travels in `extensions.responses`. */
const known: ReadonlySet<string> = new Set([
  'model',
  'input',
  'instructions',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'text',
  'max_output_tokens',
  'temperature',
  'top_p',
  'top_logprobs',
  'include',
  'reasoning',
  'user',
  'safety_identifier',
  'metadata',
  'service_tier',
  'stream',
  'stream_options',
  'store',
  'previous_response_id',
  'background',
]);

/** Whole parts of the prompt would be missing without these: refused, not dropped. */
const refused: Readonly<Record<string, string>> = {
  conversation: 'Conversations are not kept here; use previous_response_id.',
  prompt: 'Prompt templates live at the provider; send instructions and input.',
};

/** Throws `bad_request`, or `unsupported` for what would change the prompt if it were left out. */
export function decodeRequest(body: JsonObject, _route: InboundRoute): DecodedRequest {
  refuse(body);
  const items = decodeItems(body.input);
  const tools = decodeTools(body);
  const toolChoice = decodeToolChoice(body.tool_choice);
  const request: CanonicalRequest = {
    model: optionalString(body, 'model') ?? '',
    messages: [...instructions(body), ...items.messages],
    tools: tools.tools,
    // A choice among no tools is an error at most upstreams.
    toolChoice: tools.tools.length === 0 ? undefined : toolChoice.choice,
    parallelToolCalls: optionalBoolean(body, 'parallel_tool_calls'),
    output: decodeFormat(body),
    maxTokens: optionalNumber(body, 'max_output_tokens'),
    temperature: optionalNumber(body, 'temperature'),
    topP: optionalNumber(body, 'top_p'),
    ...logprobs(body),
    reasoning: decodeReasoning(body),
    user: optionalString(body, 'user') ?? optionalString(body, 'safety_identifier'),
    metadata: metadata(body),
    serviceTier: optionalString(body, 'service_tier'),
    stream: optionalBoolean(body, 'stream') ?? false,
    includeUsage: true,
    extensions: extensions(body),
    echo: {
      ...Object.fromEntries(echoed.flatMap((field) => (field in body ? [[field, body[field]]] : []))),
      [inputToolsField]: inputTools(body.input),
    },
  };
  return { request, drops: [...new Set([...items.drops, ...tools.drops, ...toolChoice.drops])] };
}

function refuse(body: JsonObject): void {
  if (body.background === true)
    throw new GatewayError('unsupported', 'Background responses are not supported; send the request without it.', {
      param: 'background',
    });
  for (const [param, hint] of Object.entries(refused)) {
    if ((body[param] ?? undefined) !== undefined)
      throw new GatewayError('unsupported', `'${param}' is not supported. ${hint}`, { param, hint });
  }
}

function instructions(body: JsonObject): readonly Message[] {
  const text = optionalString(body, 'instructions');
  return text === undefined || text === '' ? [] : [{ role: 'system', content: [{ kind: 'text', text }] }];
}

function decodeFormat(body: JsonObject): OutputFormat | undefined {
  const text = optionalObject(body, 'text');
  const format = text === undefined ? undefined : optionalObject(text, 'format', 'text');
  switch (format?.type) {
    case undefined:
      return undefined;
    case 'text':
      return { kind: 'text' };
    case 'json_object':
      return { kind: 'json' };
    case 'json_schema':
      return decodeSchema(format as JsonObject);
    default:
      throw badField('text.format.type', "'text', 'json_object' or 'json_schema'");
  }
}

function decodeSchema(format: JsonObject): OutputFormat {
  const at = 'text.format';
  const schema = optionalObject(format, 'schema', at);
  if (schema === undefined) throw badField(`${at}.schema`, 'a JSON Schema');
  const description = optionalString(format, 'description', at);
  const strict = optionalBoolean(format, 'strict', at);
  return {
    kind: 'json-schema',
    name: requiredString(format, 'name', at),
    ...(description !== undefined && { description }),
    schema,
    ...(strict !== undefined && { strict }),
  };
}

const efforts: ReadonlySet<unknown> = new Set<ReasoningEffort>([
  'none',
  'minimal',
  'low',
  'medium',
  'high',
  'xhigh',
  'max',
]);

function decodeReasoning(body: JsonObject): ReasoningRequest | undefined {
  const reasoning = optionalObject(body, 'reasoning');
  if (reasoning === undefined) return undefined;
  const effort = optionalString(reasoning, 'effort', 'reasoning');
  if (effort !== undefined && !efforts.has(effort)) throw badField('reasoning.effort', [...efforts].join(', '));
  const summary =
    optionalString(reasoning, 'summary', 'reasoning') ?? optionalString(reasoning, 'generate_summary', 'reasoning');
  return {
    ...(effort !== undefined && { effort: effort as ReasoningEffort }),
    ...(summary !== undefined && { summary }),
  };
}

/** Log probabilities are asked for by `include`; a number of alternatives alone means them, too. */
function logprobs(body: JsonObject): Pick<CanonicalRequest, 'logprobs' | 'topLogprobs'> {
  const topLogprobs = optionalNumber(body, 'top_logprobs');
  const isIncluded = Array.isArray(body.include) && body.include.includes('message.output_text.logprobs');
  if (!isIncluded && (topLogprobs ?? 0) === 0) return {};
  return { logprobs: true, ...(topLogprobs !== undefined && { topLogprobs }) };
}

function metadata(body: JsonObject): Readonly<Record<string, string>> | undefined {
  const raw = optionalObject(body, 'metadata');
  if (raw === undefined) return undefined;
  for (const [key, value] of Object.entries(raw))
    if (typeof value !== 'string') throw badField(`metadata.${key}`, 'a string');
  return raw as Readonly<Record<string, string>>;
}

/** What only an upstream of this protocol can follow. `disabled` is what happens anyway. */
function extensions(body: JsonObject): Extensions | undefined {
  const verbosity = optionalObject(body, 'text')?.verbosity ?? undefined;
  const { truncation, ...rest } = body;
  const fields = {
    ...rest,
    ...(truncation !== 'disabled' && { truncation }),
    ...(verbosity !== undefined && { [verbosityField]: verbosity }),
  };
  return unknownFields(fields, known, protocol);
}
