import type { Candidate } from '../core/model.ts';
import type { CanonicalRequest, Message } from '../protocols/canonical.ts';
import { estimateInput } from '../protocols/estimate.ts';
import { withParameters } from '../protocols/preset-parameters.ts';

export interface Fills {
  /** Of a preset or virtual model, named as chat completions has them. */
  readonly params: Readonly<Record<string, unknown>> | undefined;
  readonly systemPrompt: string | undefined;
  readonly target: Candidate;
}

/** What configuration adds to a request that is translated, where the client left it out. */
export function fill(request: CanonicalRequest, { params, systemPrompt, target }: Fills): CanonicalRequest {
  const filled = params === undefined ? request : withParameters(request, params);
  return withTokenLimit(withSystemPrompt(filled, systemPrompt), target);
}

export function isSystem(message: Message): boolean {
  return message.role === 'system' || message.role === 'developer';
}

function withSystemPrompt(request: CanonicalRequest, prompt: string | undefined): CanonicalRequest {
  if (prompt === undefined || request.messages.some(isSystem)) return request;
  const message: Message = { role: 'system', content: [{ kind: 'text', text: prompt }] };
  return { ...request, messages: [message, ...request.messages] };
}

/** Room that an estimate of the prompt may be wrong by. */
const estimateMargin = 1.15;
const leastAnswerTokens = 256;

/**
 * Agent clients ask for tens of thousands of tokens whatever the model; a server that adds them to the prompt then
 * refuses a request that would fit.
 */
function withTokenLimit(request: CanonicalRequest, { model }: Candidate): CanonicalRequest {
  const { context } = model;
  if (context === undefined || request.maxTokens === undefined || request.maxTokens < leastAnswerTokens) return request;
  const room = Math.floor(context - estimateInput(request) * estimateMargin);
  if (request.maxTokens <= room) return request;
  return { ...request, maxTokens: Math.max(leastAnswerTokens, room) };
}
