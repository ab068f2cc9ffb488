import { type ErrorCode, GatewayError } from '../../core/errors.ts';
import type { Candidate } from '../../core/model.ts';
import { redact } from '../../telemetry/redact.ts';
import { asNumber, asObject, asString, asText } from '../fields.ts';
import type { ErrorFacts, ErrorRenderer, JsonObject, UpstreamHeaders } from '../protocol.ts';
import { retryAfterMs } from '../retry-after.ts';
import { objectsIn } from './proto-json.ts';

/** Google's status words (google.rpc.Code) by HTTP status. */
const statusWords: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  408: 'DEADLINE_EXCEEDED',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  501: 'UNIMPLEMENTED',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

function statusWord(status: number): string {
  return statusWords[status] ?? (status < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL');
}

/** Our errors as Google's APIs have them; what only we know travels in `details`, in Google's own message types. */
export const errorRenderer: ErrorRenderer = {
  body: (error, facts) => ({ error: errorObject(error, facts) }),
  /** In a list it stands for a list of its own: one that has begun is ended by its encoder, which knows. */
  streamEvent: (error, facts, framing) => {
    const json = JSON.stringify({ error: errorObject(error, facts) });
    return framing === 'json-array' ? `[${json}]` : `data: ${json}\n\n`;
  },
};

function errorObject(error: GatewayError, facts: ErrorFacts): JsonObject {
  return {
    code: error.status,
    message: error.message,
    status: statusWord(error.status),
    details: errorDetails(error, facts),
    ...(facts.attempts.length === 0 ? {} : { attempts: facts.attempts }),
  };
}

function errorDetails(error: GatewayError, facts: ErrorFacts): readonly JsonObject[] {
  const type = (name: string) => ({ '@type': `type.googleapis.com/google.rpc.${name}` });
  const details: JsonObject[] = [
    {
      ...type('ErrorInfo'),
      reason: error.code.toUpperCase(),
      domain: 'router',
      metadata: { source: error.source, ...(error.hint === undefined ? {} : { hint: error.hint }) },
    },
    { ...type('RequestInfo'), requestId: facts.requestId },
  ];
  if (error.param !== undefined) {
    const violation = { field: error.param, description: error.message };
    details.push({ ...type('BadRequest'), fieldViolations: [violation] });
  }
  if (error.retryAfterMs !== undefined) {
    details.push({ ...type('RetryInfo'), retryDelay: `${error.retryAfterMs / 1000}s` });
  }
  return details;
}

interface UpstreamError {
  readonly status: number;
  readonly word: string | undefined;
  readonly message: string;
  readonly details: readonly JsonObject[];
  readonly headers: UpstreamHeaders;
}

/** A status other than 2xx, or a 200 whose body is an error. */
export function classifyError(status: number, headers: UpstreamHeaders, body: string, target: Candidate): GatewayError {
  return classify(readError(status, headers, body), target);
}

/** An error object within a stream; its own code stands for the status. */
export function classifyErrorObject(error: JsonObject, target: Candidate): GatewayError {
  return classify(fromObject(error, 502, {}), target);
}

function readError(status: number, headers: UpstreamHeaders, body: string): UpstreamError {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    // HTML of a front end, or nothing: the status has to say it all.
    return { status, word: undefined, message: plainText(body), details: [], headers };
  }
  // Streams without SSE are lists, and so are their errors.
  const envelope = asObject(Array.isArray(parsed) ? parsed[0] : parsed);
  const error = asObject(envelope?.error);
  if (error !== undefined) return fromObject(error, status, headers);
  return { status, word: undefined, message: asString(envelope?.error) ?? plainText(body), details: [], headers };
}

/** Of a page that stands in for an error. What it says is said at its beginning. Characters. */
const maxPage = 10_000;

function plainText(body: string): string {
  return body
    .slice(0, maxPage)
    .replace(/<(style|script)[\s\S]*?<\/\1>/gi, '')
    .replace(/<[^<>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

function fromObject(error: JsonObject, status: number, headers: UpstreamHeaders): UpstreamError {
  const code = asNumber(error.code);
  const isSuccess = status >= 200 && status < 300;
  return {
    status:
      code !== undefined && (isSuccess || status === 502) && code >= 400 && code < 600
        ? code
        : isSuccess
          ? 502
          : status,
    word: asString(error.status),
    message: asString(error.message) ?? '',
    details: objectsIn(error.details),
    headers,
  };
}

function classify(error: UpstreamError, target: Candidate): GatewayError {
  const code = codeOf(error);
  const provider = target.endpoint.providerId;
  const message = asText(redact(error.message)) ?? `${provider} answered ${error.status} without saying why.`;
  const keepsStatus = code === 'upstream_rejected' || code === 'upstream_busy';
  return new GatewayError(code, message, {
    status: keepsStatus ? error.status : undefined,
    upstreamStatus: error.status,
    retryAfterMs: waitMs(error),
    detail: `${provider} answered ${error.status} ${error.word ?? ''}`.trim(),
    hint: code === 'upstream_unauthorized' ? `Check the credential of ${provider}.` : undefined,
  });
}

/** The first row that fits decides; statuses alone come after what the text gives away. */
function codeOf(error: UpstreamError): ErrorCode {
  const { status, message } = error;
  if (isCredentialError(error)) return 'upstream_unauthorized';
  if (status === 404) return 'upstream_model_missing';
  if (status === 429 || error.word === 'RESOURCE_EXHAUSTED') return 'upstream_rate_limited';
  if (status === 400 || status === 413) return codeOfBadRequest(message);
  if (status === 501) return 'upstream_incapable';
  if (status === 408 || status === 409 || status === 425 || status === 503 || status === 529) return 'upstream_busy';
  if (status === 504) return 'upstream_timeout';
  if (status >= 500 || status === 499) return 'upstream_failed';
  return 'upstream_rejected';
}

/** Google answers an unknown key with 400, not 401. */
function isCredentialError({ status, message, details }: UpstreamError): boolean {
  if (status === 401 || status === 402 || status === 403) return true;
  if (status !== 400) return false;
  return (
    details.some((detail) => /^API_KEY_|^ACCESS_TOKEN_/.test(asString(detail.reason) ?? '')) ||
    /api key (not valid|expired|not found)/i.test(message)
  );
}

function codeOfBadRequest(message: string): ErrorCode {
  if (/exceeds the (maximum|max) number of tokens|(input|prompt) token count|context (length|window)/i.test(message)) {
    return 'upstream_context';
  }
  const incapable =
    /not supported|unsupported|not enabled|does(n't| not) support|only supports?|thought.?signature|payload size exceeds/i;
  return incapable.test(message) ? 'upstream_incapable' : 'upstream_rejected';
}

/** Google sends no Retry-After: the wait stands in the details, sometimes in the text alone. */
function waitMs({ details, headers, message }: UpstreamError): number | undefined {
  const inHeaders = retryAfterMs(headers);
  if (inHeaders !== undefined) return inHeaders;
  const inDetails = details.map((detail) => asString(detail.retryDelay)).find((delay) => delay !== undefined);
  const inText = /retry in ([\d.]+s)/i.exec(message)?.[1];
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(inDetails ?? inText ?? '')?.[1];
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000);
}
