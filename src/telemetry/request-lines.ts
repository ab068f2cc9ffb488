import type { AttemptBegun, AttemptRecord, RequestOutcome, RequestRecord, RequestResolved } from '../core/events.ts';
import { remembered } from '../core/remembered.ts';
import { cleanJson, type LogFields, type Logger, type LogLevel } from './logger.ts';
import { redactCredentials } from './redact.ts';

const requestLevels: Readonly<Record<RequestOutcome, LogLevel>> = {
  completed: 'info',
  cancelled: 'info',
  refused: 'info',
  failed: 'warn',
  broken: 'warn',
};

/** Its one line. What only watches the router is told at debug level, when it went well. */
export function logRequest(logger: Logger, record: RequestRecord): void {
  const isRoutine = record.isOperational && record.outcome === 'completed';
  logger.log(isRoutine ? 'debug' : requestLevels[record.outcome], {
    event: 'request-settled',
    message: () => requestText(logger, record),
    fields: () => requestJson(record),
  });
}

function requestText({ paint }: Logger, record: RequestRecord): string {
  const { status, usage, outcome } = record;
  const failed = record.attempts.filter((attempt) => attempt.code !== 'ok' && attempt.code !== record.code);
  const notes = [
    record.firstTokenMs === undefined ? undefined : `first token ${seconds(record.firstTokenMs)}`,
    usage === undefined ? undefined : `${usage.input}+${usage.output} tokens`,
    record.cost === undefined || record.cost === 0 ? undefined : `$${record.cost.toFixed(6)}`,
    failed.length === 0 ? undefined : `after ${failed.map((one) => `${one.provider} ${one.code}`).join(', ')}`,
    record.skipped.length === 0 ? undefined : `passed over ${record.skipped.join(', ')}`,
    outcome === 'cancelled' ? 'client left' : undefined,
    outcome === 'broken' ? 'stream broke' : undefined,
    record.message,
  ].filter((note) => note !== undefined);
  const shown = status < 400 && outcome === 'completed' ? paint.green(String(status)) : paint.red(String(status));
  const tail = notes.length === 0 ? '' : ` ${paint.dim(notes.join(' · '))}`;
  const parts = [shown, pathText(record), targetText(paint, record), seconds(record.durationMs)];
  return parts.filter((part) => part !== '').join(' ') + tail;
}

/** Which model was asked for, and who answered; empty for what is not about a model. */
function targetText({ dim }: Logger['paint'], { requestedModel, provider, model, stream }: RequestRecord): string {
  const asked = requestedModel === '' && (provider !== '' || stream) ? '(no model)' : requestedModel;
  return provider === '' ? asked : `${asked} ${dim('→')} ${provider}:${model}`;
}

/** Of a path that leads nowhere only so much is told. Characters. */
const maxStrayPath = 200;

/** A wrong path may be anything, also a key that was taken for a part of an address. */
function pathText({ path, operation, method }: RequestRecord): string {
  if (operation !== '') return path;
  return path === '' ? 'what is not a request' : `${method} ${redactCredentials(path.slice(0, maxStrayPath))}`;
}

/** Models, paths and the like, which are the same from request to request. */
const nameJson = remembered((name) => cleanJson(name));

function pathJson({ path, operation }: RequestRecord): string {
  return operation === '' ? JSON.stringify(redactCredentials(path.slice(0, maxStrayPath))) : nameJson(path);
}

/** Durations in milliseconds, money in US dollars. Written out: an object of so many fields costs more than the rest. */
function requestJson(record: RequestRecord): string {
  const { provider, model, code, message, detail, firstTokenMs, usage, cost, skipped, attempts, keyName } = record;
  let json = `"request_id":${cleanJson(record.requestId)},"method":${nameJson(record.method)}`;
  json += `,"path":${pathJson(record)},"operation":"${record.operation}"`;
  if (record.protocol !== undefined) json += `,"protocol":"${record.protocol}"`;
  if (record.requestedModel !== '') json += `,"requested_model":${nameJson(record.requestedModel)}`;
  if (provider !== '') json += `,"provider":${nameJson(provider)}`;
  if (model !== '') json += `,"model":${nameJson(model)}`;
  json += `,"status":${record.status},"outcome":"${record.outcome}","stream":${record.stream}`;
  if (code !== undefined) json += `,"code":"${code}"`;
  if (message !== undefined) json += `,"error":${cleanJson(message)}`;
  if (detail !== undefined) json += `,"detail":${cleanJson(detail)}`;
  json += `,"duration_ms":${Math.round(record.durationMs)}`;
  if (record.queueMs > 0) json += `,"queue_ms":${Math.round(record.queueMs)}`;
  if (firstTokenMs !== undefined) json += `,"first_token_ms":${Math.round(firstTokenMs)}`;
  if (usage !== undefined) json += `,"input_tokens":${usage.input},"output_tokens":${usage.output}`;
  if (record.usageSource === 'estimate') json += ',"usage_estimated":true';
  if (cost !== undefined) json += `,"cost":${cost}`;
  json += `,"bytes_in":${record.bytesIn},"bytes_out":${record.bytesOut}`;
  json += `,"local":${record.isLocal},"fallback_used":${record.fallbackUsed}`;
  if (record.tier !== undefined) json += `,"tier":${nameJson(record.tier)}`;
  if (record.cache !== undefined) json += `,"cache":"${record.cache}"`;
  if (skipped.length > 0) json += `,"skipped":${cleanJson(skipped)}`;
  if (record.drops.length > 0) json += `,"drops":${cleanJson(record.drops)}`;
  if (attempts.length > 1) json += `,"attempts":${cleanJson(attempts.map(attemptFields))}`;
  if (keyName !== undefined) json += `,"key":${nameJson(keyName)}`;
  if (record.owner !== undefined) json += `,"owner":${nameJson(record.owner)}`;
  return json;
}

/** Of its message as much as of the request's own: the text of the upstream, without credentials. */
function attemptFields({
  provider,
  model,
  code,
  status,
  startMs,
  durationMs,
  queueMs,
  message,
}: AttemptRecord): LogFields {
  return {
    provider,
    model,
    code,
    status,
    start_ms: Math.round(startMs),
    duration_ms: Math.round(durationMs),
    ...(queueMs === 0 ? undefined : { queue_ms: Math.round(queueMs) }),
    error: message,
  };
}

export function logAttempt(logger: Logger, attempt: AttemptRecord): void {
  const { requestId, provider, model, code, durationMs, number } = attempt;
  logger.log('debug', {
    event: 'attempt-ended',
    message: () => `${requestId} attempt ${number + 1}, ${provider}:${model}: ${code} after ${seconds(durationMs)}`,
    fields: () => cleanJson({ request_id: requestId, number, ...attemptFields(attempt) }).slice(1, -1),
  });
}

export function logAttemptBegun(logger: Logger, { requestId, number, provider, model, startMs }: AttemptBegun): void {
  logger.log('debug', {
    event: 'attempt-begun',
    message: () => `${requestId} attempt ${number + 1}: ${provider}:${model}`,
    fields: () =>
      cleanJson({ request_id: requestId, number, provider, model, start_ms: Math.round(startMs) }).slice(1, -1),
  });
}

export function logResolved(logger: Logger, { requestId, model, rule, strategy, candidates }: RequestResolved): void {
  logger.log('debug', {
    event: 'request-resolved',
    message: () => `${requestId} "${model}" by ${rule}, ${strategy}: ${candidates().join(', ')}`,
    fields: () =>
      cleanJson({ request_id: requestId, requested_model: model, rule, strategy, candidates: candidates() }).slice(
        1,
        -1,
      ),
  });
}

/** `12 ms`, `3.4 s` */
export function seconds(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
