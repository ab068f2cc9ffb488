import type { GatewayError } from '../../../core/errors.ts';
import type { Usage } from '../../../core/model.ts';
import type { CanonicalResponse, ContentPart, FinishReason } from '../../canonical.ts';
import { asNumber, asString } from '../../fields.ts';
import type { AnswerContext, JsonObject } from '../../protocol.ts';
import { failureCode } from '../errors.ts';
import { encodeFinishReason } from '../finish-reason.ts';
import { encodeUsage } from '../usage.ts';
import type { WireResponse } from '../wire.ts';
import { AnswerItems, responseId } from './answer-items.ts';

export type AnswerState =
  | { readonly kind: 'in-progress' }
  | { readonly kind: 'finished'; readonly reason: FinishReason }
  | { readonly kind: 'failed'; readonly error: GatewayError };

export interface AnswerFacts {
  readonly model: string;
  readonly state: AnswerState;
  readonly output: WireResponse['output'];
  readonly usage: Usage | undefined;
}

/** Status of the item that a limit cut, or of the last one of a whole answer. */
export function lastItemStatus(reason: FinishReason): 'completed' | 'incomplete' {
  return encodeFinishReason(reason) === undefined ? 'completed' : 'incomplete';
}

/** A complete answer. Only the first choice: this protocol has no others. */
export function encodeResponse(response: CanonicalResponse, context: AnswerContext): JsonObject {
  const choice = response.choices[0];
  const items = new AnswerItems(context);
  for (const [block, part] of (choice?.content ?? []).entries()) addPart(items, block, part);
  if (choice?.logprobs !== undefined) items.addLogprobs(choice.logprobs);
  const reason = choice?.finishReason ?? 'other';
  const answer = responseObject(context, {
    model: response.model,
    state: { kind: 'finished', reason },
    output: items.items('completed', lastItemStatus(reason)),
    usage: response.usage,
  });
  return { ...answer };
}

function addPart(items: AnswerItems, block: number, part: ContentPart): void {
  switch (part.kind) {
    case 'text':
    case 'refusal':
      items.begin(block, { kind: part.kind });
      items.delta(block, part.text);
      if (part.kind === 'text' && part.citations !== undefined) items.cite(part.citations);
      break;
    case 'reasoning':
      items.begin(block, part);
      if (part.text !== '') items.delta(block, part.text);
      break;
    case 'tool-call':
      items.begin(block, part);
      items.delta(block, part.arguments);
      break;
    case 'image':
    case 'audio':
    case 'document':
    case 'tool-result':
      return;
  }
  items.end(block, part.kind === 'reasoning' ? part.seal : undefined);
}

/** The Response object. What repeats the request is the client's own; where it said nothing, the API's default. */
export function responseObject(context: AnswerContext, facts: AnswerFacts): WireResponse {
  const { request } = context;
  const echo = request.echo ?? {};
  const reason = facts.state.kind === 'finished' ? encodeFinishReason(facts.state.reason) : undefined;
  return {
    id: responseId(context),
    object: 'response',
    created_at: Math.floor(context.nowMs / 1000),
    status: statusOf(facts.state),
    background: false,
    error: facts.state.kind === 'failed' ? failure(facts.state.error) : null,
    incomplete_details: reason === undefined ? null : { reason },
    instructions: echo.instructions ?? null,
    max_output_tokens: request.maxTokens ?? null,
    max_tool_calls: asNumber(echo.max_tool_calls) ?? null,
    model: facts.model === '' ? context.requestedModel : facts.model,
    output: facts.output,
    parallel_tool_calls: request.parallelToolCalls ?? true,
    previous_response_id: asString(echo.previous_response_id) ?? null,
    prompt_cache_key: asString(echo.prompt_cache_key) ?? null,
    reasoning: echo.reasoning ?? { effort: null, summary: null },
    safety_identifier: asString(echo.safety_identifier) ?? null,
    service_tier: echo.service_tier ?? 'default',
    store: echo.store !== false,
    temperature: request.temperature ?? null,
    text: echo.text ?? { format: { type: 'text' } },
    tool_choice: echo.tool_choice ?? 'auto',
    tools: echo.tools ?? [],
    top_logprobs: request.topLogprobs ?? 0,
    top_p: request.topP ?? null,
    truncation: echo.truncation === 'auto' ? 'auto' : 'disabled',
    usage: facts.usage === undefined ? null : encodeUsage(facts.usage),
    ...(typeof echo.user === 'string' && { user: echo.user }),
    metadata: echo.metadata ?? {},
  };
}

function statusOf(state: AnswerState): NonNullable<WireResponse['status']> {
  switch (state.kind) {
    case 'in-progress':
      return 'in_progress';
    case 'failed':
      return 'failed';
    case 'finished':
      return lastItemStatus(state.reason);
  }
}

function failure(error: GatewayError): WireResponse['error'] {
  return { code: failureCode(error), message: error.message };
}
