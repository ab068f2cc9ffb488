import type { EndpointQuirks } from '../../../core/model.ts';
import type { CanonicalRequest, OutputFormat, Tool, ToolChoice } from '../../canonical.ts';
import { present } from '../../fields.ts';
import { offeredTools } from '../../offered-tools.ts';
import { encodeEffort } from '../../openai/encode-effort.ts';
import { encodeUser } from '../../openai/encode-user.ts';
import { type EncodeState, encodeCacheMark } from './encode-content.ts';

/** The fields that shape the answer. Undefined where the request says nothing. */
export function encodeParameters(request: CanonicalRequest, state: EncodeState) {
  return {
    [state.quirks.tokenLimitField ?? 'max_tokens']: request.maxTokens,
    temperature: request.temperature,
    top_p: request.topP,
    top_k: request.topK,
    min_p: request.minP,
    frequency_penalty: request.frequencyPenalty,
    presence_penalty: request.presencePenalty,
    seed: request.seed,
    stop: request.stop,
    n: request.n,
    logprobs: request.logprobs,
    top_logprobs: request.topLogprobs,
    logit_bias: request.logitBias,
    response_format: encodeOutput(request.output, state.quirks),
    reasoning_effort: encodeEffort(request.reasoning),
    user: encodeUser(request.user),
    metadata: encodeMetadata(request, state),
    service_tier: encodeServiceTier(request.serviceTier, state),
    ...encodeToolFields(request, state),
  };
}

/** OpenAI refuses metadata on answers that it does not store. */
function encodeMetadata(request: CanonicalRequest, { drops }: EncodeState) {
  if (request.metadata === undefined) return undefined;
  if (request.extensions?.chat_completions?.store === true) return request.metadata;
  drops.add('metadata');
  return undefined;
}

const serviceTiers = new Set(['auto', 'default', 'flex', 'scale', 'priority', 'fast']);

function encodeServiceTier(tier: string | undefined, { drops }: EncodeState): string | undefined {
  if (tier === undefined || serviceTiers.has(tier)) return tier;
  drops.add('service_tier');
  return undefined;
}

function encodeOutput(output: OutputFormat | undefined, quirks: EndpointQuirks) {
  switch (output?.kind) {
    case undefined:
      return undefined;
    case 'text':
      return { type: 'text' };
    case 'json':
      if (quirks.jsonObject !== false) return { type: 'json_object' };
      // A schema that allows any object asks for the same.
      return { type: 'json_schema', json_schema: { name: 'object', schema: { type: 'object' } } };
    case 'json-schema': {
      const { name, description, schema, strict } = output;
      return { type: 'json_schema', json_schema: present({ name, description, schema, strict }) };
    }
  }
}

function encodeToolFields(request: CanonicalRequest, state: EncodeState) {
  const { toolChoice } = request;
  // Servers that know no allowed_tools still obey it when the others are not offered.
  const offered = offeredTools(request);
  if (offered.length === 0) return {};
  return {
    tools: offered.map((tool) => encodeTool(tool, state)),
    tool_choice: toolChoice === undefined ? undefined : encodeToolChoice(toolChoice),
    parallel_tool_calls: request.parallelToolCalls,
  };
}

function encodeTool(tool: Tool, state: EncodeState) {
  const { name, description, parameters, strict } = tool;
  return {
    type: 'function',
    function: present({ name, description, parameters, strict }),
    ...encodeCacheMark(tool.cache, state),
  };
}

function encodeToolChoice(choice: ToolChoice) {
  switch (choice.kind) {
    case 'auto':
    case 'none':
    case 'required':
      return choice.kind;
    case 'tool':
      return { type: 'function', function: { name: choice.name } };
    case 'allowed':
      return choice.isRequired ? 'required' : 'auto';
  }
}
