import type { Candidate } from '../../../core/model.ts';
import type { CanonicalRequest, OutputFormat, Tool, ToolChoice } from '../../canonical.ts';
import { foreignFields } from '../../extensions.ts';
import { present } from '../../fields.ts';
import type { EncodedRequest, JsonObject } from '../../protocol.ts';
import type { Drops } from '../client/decode-contents.ts';
import { isVertex, type ModelTraits, modelResourcePath, traitsOf } from '../model-traits.ts';
import { parametersJsonSchema } from '../schema.ts';
import { sealProtocol } from '../seal.ts';
import type { WireFunctionDeclaration, WireGenerationConfig, WireRequest, WireToolConfig } from '../wire.ts';
import { contentsToWire } from './encode-contents.ts';
import { thinkingToWire } from './encode-thinking.ts';

/** More are a 400. */
const maxStopSequences = 5;

export function requestPath(target: Candidate, stream: boolean): string {
  return modelResourcePath(target) + (stream ? ':streamGenerateContent?alt=sse' : ':generateContent');
}

/** Throws `upstream_incapable` for media that Gemini cannot reach. */
export function encodeRequest(request: CanonicalRequest, target: Candidate): EncodedRequest {
  const drops: Drops = new Set(foreignFields(request, sealProtocol));
  return { path: requestPath(target, request.stream), body: requestBody(request, target, drops), drops: [...drops] };
}

/** The body of a generation, which token counting repeats. */
export function requestBody(request: CanonicalRequest, target: Candidate, drops: Drops): JsonObject {
  const traits = traitsOf(target);
  nameDrops(request, drops);
  const wire: WireRequest = {
    ...contentsToWire(request.messages, traits, drops),
    tools: toolsToWire(request.tools, drops),
    toolConfig: request.tools.length === 0 ? undefined : toolChoiceToWire(request.toolChoice),
    generationConfig: generationToWire(request, traits, drops),
    labels: labelsToWire(request, target, drops),
    serviceTier: serviceTierToWire(request.serviceTier, drops),
  };
  return present(wire);
}

/** What the protocol has no place for. */
function nameDrops(request: CanonicalRequest, drops: Drops): void {
  const lost = {
    min_p: request.minP,
    logit_bias: request.logitBias,
    user: request.user,
    parallel_tool_calls: request.parallelToolCalls === false ? false : undefined,
  };
  for (const [name, value] of Object.entries(lost)) if (value !== undefined) drops.add(name);
}

function toolsToWire(tools: readonly Tool[], drops: Drops): WireRequest['tools'] {
  if (tools.length === 0) return undefined;
  if (tools.some((tool) => tool.strict === true)) drops.add('tools.strict');
  if (tools.some((tool) => tool.cache !== undefined)) drops.add('cache_control');
  return [{ functionDeclarations: tools.map(declarationToWire) }];
}

function declarationToWire(tool: Tool): WireFunctionDeclaration {
  return present({
    name: tool.name,
    description: tool.description,
    parametersJsonSchema: parametersJsonSchema(tool.parameters),
  });
}

function toolChoiceToWire(choice: ToolChoice | undefined): WireToolConfig | undefined {
  switch (choice?.kind) {
    case undefined:
      return undefined;
    case 'auto':
      return { functionCallingConfig: { mode: 'AUTO' } };
    case 'none':
      return { functionCallingConfig: { mode: 'NONE' } };
    case 'required':
      return { functionCallingConfig: { mode: 'ANY' } };
    case 'tool':
      return { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: [choice.name] } };
    case 'allowed': {
      const mode = choice.isRequired ? 'ANY' : 'VALIDATED';
      return { functionCallingConfig: { mode, allowedFunctionNames: [...choice.names] } };
    }
  }
}

function generationToWire(
  request: CanonicalRequest,
  traits: ModelTraits,
  drops: Drops,
): WireGenerationConfig | undefined {
  const thinkingConfig = request.reasoning === undefined ? undefined : thinkingToWire(request.reasoning, traits);
  if (request.reasoning !== undefined && thinkingConfig === undefined) drops.add('reasoning');
  if ((request.stop?.length ?? 0) > maxStopSequences) drops.add(`stop[${maxStopSequences}…]`);
  const config: WireGenerationConfig = {
    maxOutputTokens: request.maxTokens,
    temperature: request.temperature,
    topP: request.topP,
    topK: request.topK,
    stopSequences: request.stop?.slice(0, maxStopSequences),
    candidateCount: request.n,
    seed: request.seed,
    frequencyPenalty: request.frequencyPenalty,
    presencePenalty: request.presencePenalty,
    responseLogprobs: request.logprobs,
    logprobs: request.topLogprobs,
    thinkingConfig,
    ...outputToWire(request.output, drops),
  };
  const set = present(config);
  return Object.keys(set).length === 0 ? undefined : set;
}

function outputToWire(
  output: OutputFormat | undefined,
  drops: Drops,
): Pick<WireGenerationConfig, 'responseMimeType' | 'responseJsonSchema'> {
  switch (output?.kind) {
    case undefined:
      return {};
    case 'text':
      return { responseMimeType: 'text/plain' };
    case 'json':
      return { responseMimeType: 'application/json' };
    case 'json-schema':
      if (output.description !== undefined) drops.add('response_format.description');
      return { responseMimeType: 'application/json', responseJsonSchema: output.schema };
  }
}

/** Vertex alone keeps labels, for billing; lower-case words of at most 63 characters. */
function labelsToWire(
  { metadata }: CanonicalRequest,
  target: Candidate,
  drops: Drops,
): Readonly<Record<string, string>> | undefined {
  if (metadata === undefined || Object.keys(metadata).length === 0) return undefined;
  const isLegal = Object.entries(metadata).every(
    ([key, value]) => /^[a-z][a-z0-9_-]{0,62}$/.test(key) && /^[a-z0-9_-]{0,63}$/.test(value),
  );
  if (isVertex(target) && isLegal) return metadata;
  drops.add('metadata');
  return undefined;
}

function serviceTierToWire(tier: string | undefined, drops: Drops): string | undefined {
  if (tier === 'flex' || tier === 'priority' || tier === 'standard') return tier;
  if (tier !== undefined && tier !== 'auto' && tier !== 'default') drops.add('service_tier');
  return undefined;
}
