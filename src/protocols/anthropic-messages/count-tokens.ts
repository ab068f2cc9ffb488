import type { Candidate } from '../../core/model.ts';
import { asNumber } from '../fields.ts';
import { invalidAnswer } from '../invalid-answer.ts';
import type { JsonObject } from '../protocol.ts';
import { classifyError } from './errors.ts';

/** The answer of `POST /v1/messages/count_tokens`. The wire has no place to mark an estimate. */
export function encodeCount(inputTokens: number): JsonObject {
  return { input_tokens: inputTokens };
}

/** Prompt tokens as the upstream counted them. Throws `upstream_invalid` or the error that the body is. */
export function decodeCount(body: JsonObject, target: Candidate): number {
  if (body.type === 'error') throw classifyError(200, {}, JSON.stringify(body), target);
  const tokens = asNumber(body.input_tokens);
  if (tokens === undefined) throw invalidAnswer(target, 'it holds no input_tokens');
  return tokens;
}
