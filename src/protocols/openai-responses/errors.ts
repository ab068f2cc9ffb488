import type { ErrorCode, GatewayError } from '../../core/errors.ts';
import type { Candidate } from '../../core/model.ts';
import { asObject } from '../fields.ts';
import { classifyError, isErrorBody, errorRenderer as openaiErrors } from '../openai/errors.ts';
import type { ErrorRenderer, JsonObject } from '../protocol.ts';
import { frame } from './frame.ts';

/** Codes that clients of this protocol act on: wait, shorten the prompt, give up. The rest may be tried again. */
const failureCodes: Partial<Record<ErrorCode, string>> = {
  rate_limited: 'rate_limit_exceeded',
  upstream_rate_limited: 'rate_limit_exceeded',
  budget_exceeded: 'insufficient_quota',
  upstream_context: 'context_length_exceeded',
  bad_request: 'invalid_prompt',
  unsupported: 'invalid_prompt',
  upstream_rejected: 'invalid_prompt',
  upstream_incapable: 'invalid_prompt',
};

/** `error.code` of a failed response. */
export function failureCode(error: GatewayError): string {
  return failureCodes[error.code] ?? 'server_error';
}

/**
 * The envelope is that of all OpenAI protocols; only events differ. This one is for streams that were passed through,
 * whose numbers were not counted: clients end at an `error` event whatever its number.
 */
export const errorRenderer: ErrorRenderer = {
  body: openaiErrors.body,
  streamEvent: (error) =>
    frame({
      type: 'error',
      sequence_number: 0,
      code: failureCode(error),
      message: error.message,
      param: error.param ?? null,
    }),
};

/** Codes that only this protocol has; all others are known to `classifyError`. */
const statusByCode: readonly (readonly [code: RegExp, status: number])[] = [
  [/^(?:invalid_|image_|empty_image|unsupported_image|failed_to_download_image)/, 400],
  [/^(?:server_is_overloaded|slow_down)$/, 503],
];

/** For an error whose own status was that of a success. */
const noStatus = 200;

/**
 * The error of an answer or an event that is a failure although its status was 200: a `failed` response, an `error`
 * event, or the bare envelope. Undefined when it is not an error.
 */
export function failureOf(body: JsonObject, target: Candidate): GatewayError | undefined {
  const isEvent = body.type === 'error';
  const error = isErrorBody(body) ? body.error : isEvent ? body : undefined;
  if (error === undefined && body.status !== 'failed') return undefined;
  const { message = 'The response failed.', code, param, type } = asObject(error) ?? { message: error };
  const status = statusByCode.find(([pattern]) => pattern.test(String(code)))?.[1] ?? noStatus;
  const envelope = { error: { message, code, param, type: type === 'error' ? undefined : type } };
  return classifyError(status, {}, JSON.stringify(envelope), target);
}
