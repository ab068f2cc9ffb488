import type { Candidate } from '../../../core/model.ts';
import type { CanonicalRequest, OutputFormat, Tool, ToolChoice } from '../../canonical.ts';
import { foreignFields } from '../../extensions.ts';
import { present } from '../../fields.ts';
import { encodeEffort } from '../../openai/encode-effort.ts';
import { encodeUser } from '../../openai/encode-user.ts';
import { operationPath } from '../../openai/path.ts';
import type { EncodedRequest, JsonObject } from '../../protocol.ts';
import { protocol, verbosityField } from '../wire.ts';
import { encodeItems } from './encode-items.ts';

export const requestPath = '/responses';

/**
 * The request for an upstream of this protocol. Nothing is kept there (`store: false`): the whole conversation is
 * sent each time, reasoning in its encrypted form.
 */
export function encodeRequest(request: CanonicalRequest, target: Candidate): EncodedRequest {
  const { instructions, rest } = splitInstructions(request);
  const items = encodeItems(rest, target);
  const { [verbosityField]: verbosity, ...own } = request.extensions?.[protocol] ?? {};
  const hasTools = request.tools.length > 0;
  const limit = tokenLimit(request, target);
  const body = present({
    ...own,
    model: target.model.upstreamId,
    instructions,
    input: items.items,
    tools: hasTools ? request.tools.map(encodeTool) : undefined,
    tool_choice: hasTools ? encodeToolChoice(request.toolChoice) : undefined,
    parallel_tool_calls: hasTools ? request.parallelToolCalls : undefined,
    text: encodeText(request.output, verbosity),
    max_output_tokens: limit,
    temperature: request.temperature,
    top_p: request.topP,
    top_logprobs: request.topLogprobs,
    reasoning: encodeReasoning(request),
    include: encodeInclude(request),
    user: encodeUser(request.user),
    metadata: request.metadata,
    service_tier: request.serviceTier,
    stream: request.stream ? true : undefined,
    store: false,
  });
  const accepted = withoutRejected(body, target);
  return {
    path: operationPath(requestPath, target),
    body: accepted.body,
    drops: [
      ...items.drops,
      ...fieldDrops(request),
      ...(limit === request.maxTokens ? [] : ['max_output_tokens']),
      ...accepted.drops,
      ...foreignFields(request, protocol),
    ],
  };
}

/** Hosted upstreams refuse a lower limit. Tokens. */
const leastHostedLimit = 16;

/** Sixteen tokens where five were asked for are an answer; a refusal is not. */
function tokenLimit(request: CanonicalRequest, target: Candidate): number | undefined {
  if (request.maxTokens === undefined || target.model.isLocal) return request.maxTokens;
  return Math.max(request.maxTokens, leastHostedLimit);
}

/** A leading system message of one text is what `instructions` means; all others stay in place. */
function splitInstructions(request: CanonicalRequest): {
  readonly instructions: string | undefined;
  readonly rest: CanonicalRequest['messages'];
} {
  const [first, ...rest] = request.messages;
  const [only] = first?.content ?? [];
  const isPlain = first?.role === 'system' && first.name === undefined && first.content.length === 1;
  if (!isPlain || only?.kind !== 'text' || rest.length === 0)
    return { instructions: undefined, rest: request.messages };
  return { instructions: only.text, rest };
}

/** Where `strict` is left out this protocol assumes it, which would rewrite schemas that were not written for it. */
function encodeTool(tool: Tool): JsonObject {
  return {
    type: 'function',
    name: tool.name,
    ...(tool.description !== undefined && { description: tool.description }),
    parameters: tool.parameters,
    strict: tool.strict ?? false,
  };
}

function encodeToolChoice(choice: ToolChoice | undefined): string | JsonObject | undefined {
  switch (choice?.kind) {
    case undefined:
      return undefined;
    case 'auto':
    case 'none':
    case 'required':
      return choice.kind;
    case 'tool':
      return { type: 'function', name: choice.name };
    case 'allowed':
      return {
        type: 'allowed_tools',
        mode: choice.isRequired ? 'required' : 'auto',
        tools: choice.names.map((name) => ({ type: 'function', name })),
      };
  }
}

function encodeText(output: OutputFormat | undefined, verbosity: unknown): JsonObject | undefined {
  const format = output === undefined ? undefined : encodeFormat(output);
  if (format === undefined && verbosity === undefined) return undefined;
  return present({ format, verbosity });
}

function encodeFormat(output: OutputFormat): JsonObject {
  switch (output.kind) {
    case 'text':
      return { type: 'text' };
    case 'json':
      return { type: 'json_object' };
    case 'json-schema':
      return present({
        type: 'json_schema',
        name: output.name,
        description: output.description,
        schema: output.schema,
        strict: output.strict,
      });
  }
}

function encodeReasoning(request: CanonicalRequest): JsonObject | undefined {
  const { reasoning } = request;
  if (reasoning === undefined) return undefined;
  const effort = encodeEffort(reasoning);
  if (effort === undefined && reasoning.summary === undefined) return undefined;
  return present({ effort, summary: reasoning.summary });
}

function encodeInclude(request: CanonicalRequest): readonly string[] | undefined {
  const include: string[] = [];
  const reasoning = encodeReasoning(request);
  if (reasoning !== undefined && reasoning.effort !== 'none') include.push('reasoning.encrypted_content');
  if (request.logprobs === true) include.push('message.output_text.logprobs');
  return include.length === 0 ? undefined : include;
}

function withoutRejected(
  body: JsonObject,
  target: Candidate,
): { readonly body: JsonObject; readonly drops: readonly string[] } {
  const drops = (target.endpoint.quirks.rejectedFields ?? []).filter((field) => field in body);
  if (drops.length === 0) return { body, drops };
  return { body: Object.fromEntries(Object.entries(body).filter(([field]) => !drops.includes(field))), drops };
}

/** Settings of other protocols that this one has no word for, by their usual names. */
function fieldDrops(request: CanonicalRequest): readonly string[] {
  const missing: Readonly<Record<string, boolean>> = {
    stop: (request.stop?.length ?? 0) > 0,
    n: (request.n ?? 1) > 1,
    seed: request.seed !== undefined,
    frequency_penalty: (request.frequencyPenalty ?? 0) !== 0,
    presence_penalty: (request.presencePenalty ?? 0) !== 0,
    logit_bias: Object.keys(request.logitBias ?? {}).length > 0,
    top_k: request.topK !== undefined,
    min_p: request.minP !== undefined,
  };
  return Object.keys(missing).filter((name) => missing[name] === true);
}
