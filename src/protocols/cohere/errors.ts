import { type ErrorCode, GatewayError } from '../../core/errors.ts';
import type { Candidate } from '../../core/model.ts';
import { redact } from '../../telemetry/redact.ts';
import { asObject, asText } from '../fields.ts';
import type { UpstreamHeaders } from '../protocol.ts';
import { retryAfterMs } from '../retry-after.ts';

interface Fault {
  readonly status: number;
  /** '' when the body says nothing readable. */
  readonly message: string;
}

interface Rule {
  readonly when: (fault: Fault) => boolean;
  readonly code: ErrorCode;
  /** Towards the client; the catalogue's when left out, the upstream's own for 'same'. */
  readonly status?: number | 'same';
}

const saysTooLong =
  /too many tokens|context (?:length|window|limit)|prompt is too long|exceeds? the (?:maximum )?(?:context|token)/i;
/** The same words about the limit of the answer, which no larger context helps. */
const saysTooMuchAsked = /max[_ ]tokens must|maximum output/i;
const saysIncapable =
  /\b(?:is|are) not (?:currently )?supported\b|\b(?:does not|doesn't|do not) support\b|\bunsupported\b|not compatible with|cannot be used (?:with|together)/i;
const saysNoModel = /\bmodel\b.*(?:not found|does not exist|was removed|unknown)|unknown model/i;

const hasStatus =
  (...statuses: readonly number[]) =>
  ({ status }: Fault) =>
    statuses.includes(status);
const isRefusal = hasStatus(400, 422);

/** First match wins. Statuses beyond the usual: 498 a forbidden word, 499 Cohere's own word for a cancelled request. */
const rules: readonly Rule[] = [
  { when: hasStatus(401, 402, 403), code: 'upstream_unauthorized' },
  { when: hasStatus(429), code: 'upstream_rate_limited' },
  {
    when: (fault) => isRefusal(fault) && saysTooLong.test(fault.message) && !saysTooMuchAsked.test(fault.message),
    code: 'upstream_context',
  },
  {
    when: ({ status, message }) => [400, 404, 422].includes(status) && saysNoModel.test(message),
    code: 'upstream_model_missing',
  },
  { when: (fault) => isRefusal(fault) && saysIncapable.test(fault.message), code: 'upstream_incapable' },
  { when: hasStatus(501), code: 'upstream_incapable', status: 'same' },
  { when: hasStatus(404, 405, 499), code: 'upstream_failed' },
  { when: hasStatus(408, 409, 425, 503), code: 'upstream_busy', status: 'same' },
  { when: hasStatus(504), code: 'upstream_timeout' },
  { when: hasStatus(498), code: 'upstream_rejected', status: 400 },
  { when: ({ status }) => status >= 400 && status < 500, code: 'upstream_rejected', status: 'same' },
  { when: () => true, code: 'upstream_failed' },
];

/** What a failure means. `body` may be Cohere's `{"message"}`, text, HTML or nothing; 200 is an error in an answer. */
export function classifyError(status: number, headers: UpstreamHeaders, body: string, target: Candidate): GatewayError {
  const fault = { status, message: readMessage(body) };
  const rule = rules.find(({ when }) => when(fault));
  const code = rule?.code ?? 'upstream_failed';
  const { providerId } = target.endpoint;
  const message = fault.message === '' ? `${providerId} answered ${status}.` : redact(fault.message);
  return new GatewayError(code, message, {
    status: rule?.status === 'same' ? status : rule?.status,
    upstreamStatus: status,
    retryAfterMs: retryAfterMs(headers),
    detail: `${providerId} ${status}: ${redact(body.slice(0, 500))}`,
    hint: status === 404 && code === 'upstream_failed' ? 'Check the base URL of this provider.' : undefined,
  });
}

function readMessage(body: string): string {
  if (/^\s*</.test(body)) return /<title>([^<]*)<\/title>/i.exec(body)?.[1]?.trim() ?? '';
  try {
    const parsed = asObject(JSON.parse(body));
    return asText(parsed?.message) ?? asText(parsed?.error) ?? asText(asObject(parsed?.error)?.message) ?? '';
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
    return body.trim();
  }
}

export function invalidAnswer(problem: string, cause?: unknown): GatewayError {
  return new GatewayError('upstream_invalid', `The upstream ${problem}.`, { cause });
}
