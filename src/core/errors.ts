/** Where an error was born. Decides how it is worded, and whether it counts against an upstream. */
export type ErrorSource = 'client' | 'gateway' | 'upstream';

/**
 * Whether another try can help. `next`: another candidate may answer; `larger`: only one with more (or unknown)
 * context; `never`: the same request fails everywhere.
 */
export type RetryScope = 'never' | 'next' | 'larger';

interface ErrorRow {
  readonly source: ErrorSource;
  /** Default HTTP status towards the client; an error may carry its own. */
  readonly status: number;
  readonly retry: RetryScope;
  /** One line for the documentation. */
  readonly meaning: string;
}

/** Every error that may cross a folder border. Rendered per protocol by `server/render-error`. */
export const errorCatalogue = {
  bad_request: { source: 'client', status: 400, retry: 'never', meaning: 'The request is malformed.' },
  unsupported: { source: 'client', status: 400, retry: 'never', meaning: 'No candidate can do what was asked.' },
  unauthorized: { source: 'client', status: 401, retry: 'never', meaning: 'The key is missing or unknown.' },
  forbidden: { source: 'client', status: 403, retry: 'never', meaning: 'The caller may not do this.' },
  not_found: { source: 'client', status: 404, retry: 'never', meaning: 'No such path.' },
  method_not_allowed: { source: 'client', status: 405, retry: 'never', meaning: 'The path takes another method.' },
  model_not_found: { source: 'client', status: 404, retry: 'never', meaning: 'Nothing serves a model of this name.' },
  too_large: { source: 'client', status: 413, retry: 'never', meaning: 'The body exceeds a size limit.' },
  unsupported_media: {
    source: 'client',
    status: 415,
    retry: 'never',
    meaning: 'The content type or encoding is unknown.',
  },
  request_timeout: { source: 'client', status: 408, retry: 'never', meaning: 'The body did not arrive in time.' },
  headers_too_large: { source: 'client', status: 431, retry: 'never', meaning: 'The header block exceeds its limit.' },
  client_closed: { source: 'client', status: 499, retry: 'never', meaning: 'The client left before the answer.' },
  rate_limited: { source: 'gateway', status: 429, retry: 'never', meaning: 'A limit of this router was reached.' },
  budget_exceeded: { source: 'gateway', status: 429, retry: 'never', meaning: 'A spending limit was reached.' },
  no_candidate: { source: 'gateway', status: 503, retry: 'never', meaning: 'No candidate is left for this request.' },
  overloaded: { source: 'gateway', status: 503, retry: 'never', meaning: 'The router holds as much as it may.' },
  queue_full: { source: 'gateway', status: 503, retry: 'next', meaning: 'The provider is at its concurrency limit.' },
  not_ready: { source: 'gateway', status: 503, retry: 'next', meaning: 'The model is not ready yet.' },
  not_local: {
    source: 'gateway',
    status: 503,
    retry: 'next',
    meaning: 'The upstream turned out to be where a local-only request may not go.',
  },
  loop_detected: {
    source: 'gateway',
    status: 508,
    retry: 'next',
    meaning: 'The request came back to a router that it had passed.',
  },
  config_invalid: { source: 'gateway', status: 500, retry: 'never', meaning: 'The configuration is invalid.' },
  internal: { source: 'gateway', status: 500, retry: 'never', meaning: 'A defect of the router.' },
  upstream_rejected: {
    source: 'upstream',
    status: 400,
    retry: 'never',
    meaning: 'The upstream refused the request itself.',
  },
  upstream_unauthorized: {
    source: 'upstream',
    status: 502,
    retry: 'next',
    meaning: 'The upstream refused our credential.',
  },
  upstream_model_missing: {
    source: 'upstream',
    status: 404,
    retry: 'next',
    meaning: 'The upstream does not have the model.',
  },
  upstream_context: { source: 'upstream', status: 400, retry: 'larger', meaning: 'The prompt exceeds the context.' },
  upstream_incapable: {
    source: 'upstream',
    status: 400,
    retry: 'next',
    meaning: 'The model cannot do what was asked.',
  },
  upstream_rate_limited: {
    source: 'upstream',
    status: 429,
    retry: 'next',
    meaning: 'The upstream is rate limiting us.',
  },
  upstream_busy: { source: 'upstream', status: 503, retry: 'next', meaning: 'The upstream is busy or still loading.' },
  upstream_connect: { source: 'upstream', status: 502, retry: 'next', meaning: 'The upstream could not be reached.' },
  upstream_down: {
    source: 'upstream',
    status: 503,
    retry: 'next',
    meaning: 'The upstream was found down while a request waited for it.',
  },
  upstream_timeout: { source: 'upstream', status: 504, retry: 'next', meaning: 'The upstream did not answer in time.' },
  upstream_failed: { source: 'upstream', status: 502, retry: 'next', meaning: 'The upstream failed.' },
  upstream_invalid: {
    source: 'upstream',
    status: 502,
    retry: 'next',
    meaning: 'The upstream sent an unusable answer.',
  },
  stream_broken: {
    source: 'upstream',
    status: 502,
    retry: 'never',
    meaning: 'The stream broke after content had been sent.',
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorCatalogue;

export interface ErrorFields {
  /** Overrides the catalogue's status, for codes that keep the upstream's own. */
  readonly status?: number | undefined;
  readonly retry?: RetryScope | undefined;
  /** For logs only; may name hosts and paths, never credentials. */
  readonly detail?: string | undefined;
  /** What the reader can do about it. */
  readonly hint?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  /** The request field that is wrong. */
  readonly param?: string | undefined;
  /** The upstream's own status, where it differs from what the client gets. */
  readonly upstreamStatus?: number | undefined;
  /** The upstream may have begun to work on the request: it is not sent there again unless a setting says so. */
  readonly mayHaveBegun?: boolean | undefined;
  /** What the official client of the caller's protocol acts on (Anthropic's `error.details`). */
  readonly clientDetails?: Readonly<Record<string, unknown>> | undefined;
  readonly cause?: unknown;
}

/** Message length that reaches a client; upstreams have sent whole HTML pages. Characters. */
const maxMessageLength = 2048;

/**
 * The one error that crosses folder borders. `message` goes to the client: ours, or the upstream's own text after
 * `redact`. `detail` goes to logs only.
 */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly source: ErrorSource;
  readonly retry: RetryScope;
  readonly status: number;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly param: string | undefined;
  readonly upstreamStatus: number | undefined;
  readonly mayHaveBegun: boolean;
  readonly clientDetails: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, fields: ErrorFields = {}) {
    super(
      message.length > maxMessageLength ? `${message.slice(0, maxMessageLength)}…` : message,
      fields.cause === undefined ? undefined : { cause: fields.cause },
    );
    const row: ErrorRow = errorCatalogue[code];
    this.name = 'GatewayError';
    this.code = code;
    this.source = row.source;
    this.retry = fields.retry ?? row.retry;
    this.status = fields.status ?? row.status;
    this.detail = fields.detail;
    this.hint = fields.hint;
    this.retryAfterMs = fields.retryAfterMs;
    this.param = fields.param;
    this.upstreamStatus = fields.upstreamStatus;
    this.mayHaveBegun = fields.mayHaveBegun ?? false;
    this.clientDetails = fields.clientDetails;
  }

  /** The same with its texts changed; itself when none of them was. What caused it is left behind with the old ones. */
  reworded(change: (text: string) => string): GatewayError {
    const message = change(this.message);
    const detail = this.detail === undefined ? undefined : change(this.detail);
    const param = this.param === undefined ? undefined : change(this.param);
    if (message === this.message && detail === this.detail && param === this.param) return this;
    return new GatewayError(this.code, message, { ...this, detail, param, cause: undefined });
  }

  /** Anything thrown, as a GatewayError: a foreign error is a defect of ours and says nothing to the client. */
  static from(thrown: unknown): GatewayError {
    if (thrown instanceof GatewayError) return thrown;
    const detail = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    return new GatewayError('internal', 'The router hit an internal error.', { detail, cause: thrown });
  }
}
