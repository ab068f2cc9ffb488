import { type ErrorCode, GatewayError } from '../../core/errors.ts';
import type { Candidate } from '../../core/model.ts';
import { redact } from '../../telemetry/redact.ts';
import { asObject, asString } from '../fields.ts';
import { classifyError as classifyOpenAi } from '../openai/errors.ts';
import type { ErrorFacts, ErrorRenderer, JsonObject, UpstreamHeaders } from '../protocol.ts';
import { retryAfterMs } from '../retry-after.ts';
import { tooLongMessage } from './too-long.ts';
import { frame } from './wire.ts';

/** What an error says of itself, whether it came with a status, in a 200 or inside a stream. */
interface Report {
  readonly type: string | undefined;
  readonly message: string;
  /** The exact reason, where the type is too broad: `error.details.error_code`. */
  readonly errorCode?: string | undefined;
}

/** Reasons that lie with the account behind our credential, whatever status they come with. */
const accountCodes: ReadonlySet<string> = new Set([
  'claude_code_key_creator_not_member',
  'cmek_key_disabled',
  'contract_spend_limit_reached',
  'enforced_spend_limit_reached',
  'organization_on_hold',
]);

/** The status that each error type comes with, for errors that came without one. */
const statusOfType: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  conflict_error: 409,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};

const typeOfStatus: ReadonlyMap<number, string> = new Map([
  [401, 'authentication_error'],
  [402, 'billing_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [409, 'conflict_error'],
  [413, 'request_too_large'],
  [429, 'rate_limit_error'],
  [503, 'overloaded_error'],
  [504, 'timeout_error'],
  [529, 'overloaded_error'],
]);

const saysTooLong =
  /prompt is too long|exceeds? (?:the )?(?:model'?s )?(?:maximum )?context|context (?:limit|window|length|size)|too many tokens/i;
const saysUnpaid = /credit balance|billing|purchase credits/i;
const saysIncapable = /\b(?:is|are) not supported\b|\b(?:does not|doesn't|do not) support\b|\bunexpected role\b/i;

/** Undefined when the body is not Anthropic's envelope. */
function readReport(body: string): Report | undefined {
  try {
    const parsed = asObject(JSON.parse(body));
    return parsed?.type === 'error' ? reportOf(parsed, body) : undefined;
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
    return undefined;
  }
}

/** `whole` stands in for a message that is missing. */
function reportOf(body: JsonObject, whole: string): Report {
  const error = asObject(body.error) ?? {};
  const errorCode = asString(asObject(error.details)?.error_code);
  return { type: asString(error.type), message: asString(error.message) ?? whole, errorCode };
}

function badRequestCode(message: string): ErrorCode {
  if (saysTooLong.test(message)) return 'upstream_context';
  if (saysUnpaid.test(message)) return 'upstream_unauthorized';
  return saysIncapable.test(message) ? 'upstream_incapable' : 'upstream_rejected';
}

function codeOf(status: number, report: Report): ErrorCode {
  if (report.type === 'overloaded_error') return 'upstream_busy';
  if (accountCodes.has(report.errorCode ?? '')) return 'upstream_unauthorized';
  switch (status) {
    case 400:
    case 422:
      return badRequestCode(report.message);
    case 401:
    case 402:
    case 403:
      return 'upstream_unauthorized';
    case 404:
      return /model/i.test(report.message) ? 'upstream_model_missing' : 'upstream_failed';
    case 408:
    case 409:
    case 425:
    case 503:
    case 529:
      return 'upstream_busy';
    case 429:
      return 'upstream_rate_limited';
    case 501:
      return 'upstream_incapable';
    case 504:
      return 'upstream_timeout';
    default:
      return status >= 400 && status < 500 ? 'upstream_rejected' : 'upstream_failed';
  }
}

/** Codes whose status towards the client is the upstream's own. */
const keepsStatus: ReadonlySet<ErrorCode> = new Set(['upstream_rejected', 'upstream_busy', 'upstream_incapable']);

function toError(status: number, report: Report, target: Candidate, retryAfterMs?: number): GatewayError {
  const code = codeOf(status, report);
  const message = redact(report.message).trim();
  return new GatewayError(code, message === '' ? `The upstream answered ${status} without a reason.` : message, {
    status: keepsStatus.has(code) ? status : undefined,
    upstreamStatus: status,
    retryAfterMs,
    detail: `${target.endpoint.providerId}: ${status} ${report.type ?? ''}`.trimEnd(),
    hint: code === 'upstream_failed' && status === 404 ? 'Check the base URL of this provider.' : undefined,
  });
}

/**
 * A status other than 2xx, or a 200 whose body is an error. Local servers that speak this protocol beside OpenAI's, and
 * proxies in front of them, answer errors as they do there.
 */
export function classifyError(status: number, headers: UpstreamHeaders, body: string, target: Candidate): GatewayError {
  const report = readReport(body);
  if (report === undefined) return classifyOpenAi(status, headers, body, target);
  const effective = status >= 400 ? status : (statusOfType[report.type ?? ''] ?? 502);
  return toError(effective, report, target, retryAfterMs(headers));
}

/** The body of an `error` event. */
export function classifyEvent(body: JsonObject, target: Candidate): GatewayError {
  const report = reportOf(body, 'The upstream broke its stream with an error.');
  return toError(statusOfType[report.type ?? ''] ?? 502, report, target);
}

function errorType(status: number): string {
  return typeOfStatus.get(status) ?? (status >= 400 && status < 500 ? 'invalid_request_error' : 'api_error');
}

function errorBody(error: GatewayError, facts: ErrorFacts): JsonObject {
  return {
    type: 'error',
    error: {
      type: errorType(error.status),
      message: error.code === 'upstream_context' ? tooLongMessage(error.message) : error.message,
      code: error.code,
      source: error.source,
      ...(error.param === undefined ? undefined : { param: error.param }),
      ...(error.hint === undefined ? undefined : { hint: error.hint }),
      ...(error.clientDetails === undefined ? undefined : { details: error.clientDetails }),
      ...(facts.attempts.length === 0 ? undefined : { attempts: facts.attempts }),
    },
    request_id: facts.requestId,
  };
}

/** Anthropic's envelope; what stands beside `type` and `message` is ours. */
export const errorRenderer: ErrorRenderer = {
  body: errorBody,
  streamEvent: (error, facts) => frame('error', JSON.stringify(errorBody(error, facts))),
};
