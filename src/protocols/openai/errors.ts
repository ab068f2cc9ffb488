import { type ErrorCode, type ErrorFields, GatewayError } from '../../core/errors.ts';
import type { Candidate } from '../../core/model.ts';
import { redact } from '../../telemetry/redact.ts';
import { asNumber, asObject, asText, isObject, present } from '../fields.ts';
import type { ErrorFacts, ErrorRenderer, JsonObject, UpstreamHeaders } from '../protocol.ts';
import { retryAfterMs } from '../retry-after.ts';

/** Codes that OpenAI's clients look for. All others carry our own. */
const wireCodes: Partial<Record<ErrorCode, string>> = {
  unauthorized: 'invalid_api_key',
  upstream_model_missing: 'model_not_found',
  upstream_context: 'context_length_exceeded',
  rate_limited: 'rate_limit_exceeded',
  upstream_rate_limited: 'rate_limit_exceeded',
  budget_exceeded: 'insufficient_quota',
};

function errorType(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  if (status === 429) return 'rate_limit_error';
  return status < 500 ? 'invalid_request_error' : 'server_error';
}

/** The envelope of all OpenAI-shaped protocols; `source`, `request_id`, `attempts` and `hint` are our additions. */
export function encodeError(error: GatewayError, facts: ErrorFacts): JsonObject {
  return {
    error: present({
      message: error.message,
      type: errorType(error.status),
      param: error.param ?? null,
      code: wireCodes[error.code] ?? error.code,
      source: error.source,
      hint: error.hint,
      request_id: facts.requestId,
      attempts: facts.attempts.length === 0 ? undefined : facts.attempts,
    }),
  };
}

export const errorRenderer: ErrorRenderer = {
  body: encodeError,
  streamEvent: (error, facts) => `data: ${JSON.stringify(encodeError(error, facts))}\n\n`,
};

/** What an upstream's error says, whatever its envelope. */
interface Fault {
  readonly status: number;
  /** '' when the body says nothing readable. */
  readonly message: string;
  /** `type` and `code` of the envelope in one, for matching. */
  readonly words: string;
  readonly param: string | undefined;
  /** llama.cpp answers a client's mistakes with 500. */
  readonly isLlamaCpp: boolean;
}

interface Rule {
  readonly when: (fault: Fault) => boolean;
  readonly code: ErrorCode;
  /** Towards the client; the catalogue's when left out, the upstream's own for 'same'. */
  readonly status?: number | 'same';
}

/** Each line in the words of: OpenAI and vLLM; llama.cpp and Ollama; LM Studio; SGLang and TGI; xAI, Groq and Cerebras. */
const tooLong = new RegExp(
  [
    /maximum (?:context|prompt|model|input|sequence) length|context[ _]length[ _]exceeded|context window|prompt is too long|input is too long|max_model_len/,
    /exceeds? the (?:available |model'?s )?(?:maximum )?context|too many tokens|prompt too long/,
    /context (?:the )?overflows|context length of only|(?:context length is|reached context length of) (?:only )?\d|n_keep: \d+ >= n_ctx/,
    /longer than the model'?s context length|`?inputs`? (?:tokens \+ `?max_new_tokens`? must be <=|must have less than)/,
    /reduce the length of (?:the |your )?(?:messages|prompt|input)/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'i',
);
const noModel =
  /\bmodel\b.*(?:not found|does not exist|not loaded|not exist|unknown)|no models loaded|unknown model|no endpoints found|deployment.*does not exist/i;
const feature =
  /tool|function|image|vision|audio|multi-?modal|embedding|rerank|response_format|json_schema|json_object|structured|thinking|reasoning|chat template/i;
const unsupported =
  /(?:not|n't|no) (?:currently )?support|unsupported|not a multimodal|requires --|does not have .*(?:template|capability)/i;
/** LM Studio's refusal of `json_object`. */
const oddFormat = /response_format\.type'? must be/i;
const badKey =
  /(?:invalid|incorrect|missing|not valid|expired).{0,20}api[ _-]?key|api[ _-]?key.{0,20}(?:invalid|incorrect|missing|not valid|expired)/i;
/** llama.cpp's words for what comes back the same on every try. */
const clientMistake =
  /parse[ _]error|failed to parse|is required|is not supported|too large to process|missing '|expected '/i;

const isClientStatus = ({ status }: Fault) => status >= 400 && status < 500;
const hasStatus =
  (...statuses: readonly number[]) =>
  ({ status }: Fault) =>
    statuses.includes(status);

function isIncapable({ message, words, status }: Fault): boolean {
  if (status === 501) return true;
  if (status !== 500 && status !== 200 && (status < 400 || status >= 500)) return false;
  return (
    (unsupported.test(message) && feature.test(message)) || oddFormat.test(message) || words.includes('not_supported')
  );
}

/** First match wins. */
const rules: readonly Rule[] = [
  { when: hasStatus(401, 402, 403), code: 'upstream_unauthorized' },
  { when: (fault) => hasStatus(400, 422)(fault) && badKey.test(fault.message), code: 'upstream_unauthorized' },
  // A limit on tokens a minute reads like one on context in Groq's 413.
  {
    when: ({ status, words }) => status === 429 || /rate_limit|insufficient_quota/.test(words),
    code: 'upstream_rate_limited',
  },
  // Slots of llama.cpp that share one context used it up together; each request alone would fit.
  { when: ({ message }) => /^context size has been exceeded/i.test(message), code: 'upstream_busy' },
  {
    when: ({ words, message }) => /exceed_context|context_length/.test(words) || tooLong.test(message),
    code: 'upstream_context',
  },
  { when: isIncapable, code: 'upstream_incapable', status: 'same' },
  {
    when: (fault) => /model_not_found/.test(fault.words) || (isNotFound(fault) && noModel.test(fault.message)),
    code: 'upstream_model_missing',
  },
  { when: hasStatus(404, 405), code: 'upstream_failed' },
  { when: hasStatus(408, 409, 425, 503, 529), code: 'upstream_busy', status: 'same' },
  { when: ({ words }) => /overloaded|unavailable_error/.test(words), code: 'upstream_busy' },
  {
    when: (fault) => fault.isLlamaCpp && fault.status === 500 && clientMistake.test(fault.message),
    code: 'upstream_rejected',
    status: 400,
  },
  { when: isClientStatus, code: 'upstream_rejected', status: 'same' },
  { when: () => true, code: 'upstream_failed' },
];

/** llama.cpp in router mode says 400 for an unknown model, LM Studio 200. */
function isNotFound({ status }: Fault): boolean {
  return status === 404 || status === 400 || status === 200;
}

/**
 * What an OpenAI-compatible upstream's failure means. `body` may be any of the known envelopes, text, HTML or nothing;
 * a status of 200 stands for an error in an answer or a stream.
 */
export function classifyError(status: number, headers: UpstreamHeaders, body: string, target: Candidate): GatewayError {
  const fault = readFault(status, headers, body, target);
  const rule = rules.find(({ when }) => when(fault));
  const code = rule?.code ?? 'upstream_failed';
  const fields: ErrorFields = {
    status: rule?.status === 'same' ? sentStatus(fault.status) : rule?.status,
    upstreamStatus: fault.status,
    param: fault.param,
    retryAfterMs: retryAfterMs(headers),
    detail: `${target.endpoint.providerId} ${fault.status}: ${redact(body.slice(0, 500))}`,
    hint: code === 'upstream_failed' && hasStatus(404, 405)(fault) ? 'Check the base URL of this provider.' : undefined,
  };
  const message =
    fault.message === '' ? `${target.endpoint.providerId} answered ${fault.status}.` : redact(fault.message);
  return new GatewayError(code, message, fields);
}

/** An error in a 200 has no status of its own to pass on, and an upstream's 500 would read as a failure of ours. */
function sentStatus(status: number): number | undefined {
  return status >= 400 && status !== 500 ? status : undefined;
}

/** Whether a parsed body or event is an error, in any of the envelopes, rather than an answer. */
export function isErrorBody(body: JsonObject): boolean {
  const { error } = body;
  return (error !== undefined && error !== null && error !== false && error !== '') || body.object === 'error';
}

function readFault(status: number, headers: UpstreamHeaders, body: string, target: Candidate): Fault {
  const parsed = parseBody(body);
  const error = asObject(parsed?.error);
  const envelope = error ?? parsed ?? {};
  const code = envelope.code;
  const words = [envelope.type, code, parsed?.error_type].filter((word) => typeof word === 'string').join(' ');
  return {
    status: status < 400 ? (statusOf(code, words) ?? status) : status,
    message: parsed === undefined ? plainText(body) : readMessage(parsed),
    words: words.toLowerCase(),
    param: paramOf(envelope.param),
    isLlamaCpp: headers.server === 'llama.cpp' || target.endpoint.type === 'llamacpp',
  };
}

/** The name of a field; longer than one is something else. */
function paramOf(value: unknown): string | undefined {
  const param = asText(value);
  return param === undefined ? undefined : redact(param.slice(0, maxParamLength));
}

const maxParamLength = 200;

/** `error` may be an object or the text itself; `detail` is FastAPI's, text or a list of complaints. */
function readMessage(parsed: JsonObject): string {
  const { error, detail } = parsed;
  const nested = asObject(detail);
  const first = Array.isArray(detail) ? asObject(detail[0])?.msg : undefined;
  return (
    asText(asObject(error)?.message) ??
    asText(error) ??
    asText(parsed.message) ??
    asText(detail) ??
    asText(nested?.error ?? nested?.msg ?? nested?.message ?? first) ??
    ''
  );
}

function parseBody(body: string): JsonObject | undefined {
  if (!/^\s*\{/.test(body)) return undefined;
  try {
    const parsed: unknown = JSON.parse(body);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    // Declared as JSON and not: the text is the message.
    return undefined;
  }
}

/** A page of HTML is reduced to its title. */
function plainText(body: string): string {
  if (!/^\s*</.test(body)) return body.trim();
  return /<title>([^<]*)<\/title>/i.exec(body)?.[1]?.trim() ?? '';
}

const statusByWord: readonly (readonly [pattern: RegExp, status: number])[] = [
  [/rate_limit|insufficient_quota/, 429],
  [/overloaded/, 529],
  [/authentication|invalid_api_key|permission/, 401],
  [/invalid_request|bad_?request/, 400],
];

/** The status that an error inside a 200 stands for: its numeric code, else what its type says. */
function statusOf(code: unknown, words: string): number | undefined {
  const numeric = asNumber(code) ?? Number(code);
  if (Number.isInteger(numeric) && numeric >= 400 && numeric < 600) return numeric;
  return statusByWord.find(([pattern]) => pattern.test(words.toLowerCase()))?.[1];
}
