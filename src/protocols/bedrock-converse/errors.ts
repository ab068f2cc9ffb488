import { type ErrorCode, GatewayError } from '../../core/errors.ts';
import type { Candidate } from '../../core/model.ts';
import { redact } from '../../telemetry/redact.ts';
import { asObject, asText } from '../fields.ts';
import { classifyError as classifyOpenAi } from '../openai/errors.ts';
import type { JsonObject, UpstreamHeaders } from '../protocol.ts';
import { retryAfterMs } from '../retry-after.ts';

interface Meaning {
  readonly code: ErrorCode;
  /** The status it comes with, for exceptions inside a stream. */
  readonly status: number;
}

/** By the name of the exception. Names that a signature or a token can go wrong with are all of our own credential. */
const exceptions: ReadonlyMap<string, Meaning> = new Map<string, Meaning>(
  Object.entries({
    AccessDeniedException: { code: 'upstream_unauthorized', status: 403 },
    ExpiredTokenException: { code: 'upstream_unauthorized', status: 403 },
    IncompleteSignatureException: { code: 'upstream_unauthorized', status: 403 },
    InvalidSignatureException: { code: 'upstream_unauthorized', status: 403 },
    MissingAuthenticationTokenException: { code: 'upstream_unauthorized', status: 403 },
    NotAuthorizedException: { code: 'upstream_unauthorized', status: 403 },
    UnrecognizedClientException: { code: 'upstream_unauthorized', status: 403 },
    ResourceNotFoundException: { code: 'upstream_model_missing', status: 404 },
    ThrottlingException: { code: 'upstream_rate_limited', status: 429 },
    TooManyRequestsException: { code: 'upstream_rate_limited', status: 429 },
    ServiceQuotaExceededException: { code: 'upstream_rate_limited', status: 429 },
    ModelNotReadyException: { code: 'upstream_busy', status: 503 },
    ServiceUnavailableException: { code: 'upstream_busy', status: 503 },
    ModelTimeoutException: { code: 'upstream_timeout', status: 504 },
    ModelErrorException: { code: 'upstream_failed', status: 502 },
    ModelStreamErrorException: { code: 'upstream_failed', status: 502 },
    InternalServerException: { code: 'upstream_failed', status: 502 },
    InternalFailure: { code: 'upstream_failed', status: 502 },
  }),
);

const saysTooLong =
  /input is too long|prompt is too long|too many (?:input )?tokens|maximum context length|context (?:limit|window|length)|exceeds? the (?:model'?s )?(?:maximum )?(?:context|number of (?:input )?tokens)/i;
const saysNoModel =
  /model identifier is invalid|model (?:not found|is not found)|on-demand throughput isn.t supported|support on-demand throughput|end of its life|marked by provider as legacy|inference profile/i;
const saysIncapable =
  /(?:does not|doesn.t|do not|don.t|isn.t|is not|are not|not) (?:currently )?support|unsupported|no(?:t)? longer support/i;
const saysCredential = /security token|signature|credential|api key|bearer token/i;

function validationCode(message: string): ErrorCode {
  if (saysTooLong.test(message)) return 'upstream_context';
  if (saysNoModel.test(message)) return 'upstream_model_missing';
  return saysIncapable.test(message) ? 'upstream_incapable' : 'upstream_rejected';
}

interface Fault {
  /** Without namespace and URL; undefined when nothing named one. */
  readonly exception: string | undefined;
  readonly message: string;
  /** As sent; undefined inside a stream. */
  readonly status: number | undefined;
}

function meaningOf({ exception, message, status }: Fault): Meaning | undefined {
  if (exception === 'ValidationException') return { code: validationCode(message), status: 400 };
  const known = exceptions.get(exception ?? '');
  if (known !== undefined) return known;
  if (status === 401 || status === 403) return { code: 'upstream_unauthorized', status };
  if (status === 400 && saysCredential.test(message)) return { code: 'upstream_unauthorized', status };
  return undefined;
}

function toError(fault: Fault, target: Candidate, waitMs?: number): GatewayError | undefined {
  const meaning = meaningOf(fault);
  if (meaning === undefined) return undefined;
  const { providerId } = target.endpoint;
  const text = redact(fault.message).trim();
  const isClients = meaning.code === 'upstream_rejected' || meaning.code === 'upstream_incapable';
  return new GatewayError(
    meaning.code,
    text === '' ? `${providerId} answered ${redact(fault.exception ?? 'an error')} without a reason.` : text,
    {
      status: isClients ? meaning.status : undefined,
      upstreamStatus: fault.status ?? meaning.status,
      retryAfterMs: waitMs,
      detail: `${providerId}: ${fault.status ?? 'in the stream'} ${fault.exception ?? ''}`.trimEnd(),
      hint: meaning.code === 'upstream_unauthorized' ? hintOf(fault, providerId) : undefined,
    },
  );
}

function hintOf({ exception }: Fault, providerId: string): string {
  if (exception === 'AccessDeniedException') {
    return `Check that the credential of ${providerId} may call bedrock:InvokeModel, and that the account has access to the model.`;
  }
  return `Check the AWS credential, the region and the clock of ${providerId}.`;
}

/** A status other than 2xx. The name of the exception is in a header, or in the body of older front ends. */
export function classifyError(status: number, headers: UpstreamHeaders, body: string, target: Candidate): GatewayError {
  const parsed = parse(body);
  const exception = exceptionName(headers['x-amzn-errortype'] ?? parsed?.__type ?? parsed?.code);
  const fault = { exception, message: messageOf(parsed) ?? '', status };
  // A proxy before it answers in its own way.
  return toError(fault, target, retryAfterMs(headers)) ?? classifyOpenAi(status, headers, body, target);
}

/** An exception inside a stream; its name begins with a small letter there. */
export function classifyException(name: string, body: JsonObject, target: Candidate): GatewayError {
  const exception = name.charAt(0).toUpperCase() + name.slice(1);
  const message = messageOf(body) ?? asText(body.originalMessage) ?? '';
  const known = toError({ exception, message, status: undefined }, target);
  return known ?? new GatewayError('upstream_failed', redact(message) || `The stream ended in ${exception}.`);
}

/** `ValidationException:http://internal.amazon.com/coral/…`, `com.amazon.coral.service#ValidationException`. */
function exceptionName(value: unknown): string | undefined {
  const text = asText(Array.isArray(value) ? value[0] : value);
  return text?.split(':')[0]?.split('#').at(-1);
}

function messageOf(body: JsonObject | undefined): string | undefined {
  return asText(body?.message) ?? asText(body?.Message);
}

function parse(body: string): JsonObject | undefined {
  try {
    return asObject(JSON.parse(body));
  } catch {
    // HTML of a front end, or nothing: the status has to say it all.
    return undefined;
  }
}
