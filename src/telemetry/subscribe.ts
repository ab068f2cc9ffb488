import type { EventBus, RequestRecord, RouterEvents } from '../core/events.ts';
import { remembered } from '../core/remembered.ts';
import { cleanJson, type Logger, type LogLevel } from './logger.ts';

/** Everything that happens, as lines of a log. Returns the function that ends it. */
export function subscribeLog(events: EventBus, logger: Logger): () => void {
  const ends = [
    events.on('request-settled', (record) => logRequest(logger, record)),
    events.on('provider-up', (event) =>
      logger.log('info', { event: 'provider-up', message: upText(event), fields: event }),
    ),
    events.on('provider-down', (event) => {
      const message = `${event.provider} is down: ${event.reason}`;
      logger.log('warn', { event: 'provider-down', message, fields: event });
    }),
    events.on('models-changed', (event) => {
      logger.log('info', { event: 'models-changed', message: changeText(event), fields: event });
    }),
    events.on('breaker-opened', (event) => {
      const message = `${event.candidate} keeps failing: asked last for ${seconds(event.cooldownMs)}`;
      logger.log('warn', { event: 'breaker-opened', message, fields: event });
    }),
    events.on('breaker-closed', (event) => {
      logger.log('info', { event: 'breaker-closed', message: `${event.candidate} answers again`, fields: event });
    }),
    events.on('mirror-settled', (event) => {
      logger.log('info', { event: 'mirror-settled', message: mirrorText(event), fields: { ...event } });
    }),
    events.on('config-reloaded', (event) => {
      logger.log('info', { event: 'config-reloaded', message: `configuration reloaded: ${event.path}`, fields: event });
    }),
    events.on('config-rejected', (event) => {
      const message = ['the changed configuration is not used:', ...event.problems].join('\n  ');
      logger.log('error', { event: 'config-rejected', message, fields: event });
    }),
    events.on('config-warning', (event) => logger.log('warn', { event: 'config-warning', message: event.message })),
    events.on('defect', (event) => logger.log('error', { event: 'defect', message: event.message, fields: event })),
  ];
  return () => {
    for (const end of ends) end();
  };
}

function upText({ provider, models }: RouterEvents['provider-up']): string {
  return `${provider} is up with ${models} ${models === 1 ? 'model' : 'models'}`;
}

function mirrorText({ mirror, requestId, original, copy, similarity }: RouterEvents['mirror-settled']): string {
  const both = [original, copy].map(({ provider, model, code, durationMs, usage }) => {
    const answer = code === 'ok' ? `${usage?.output ?? '?'} tokens in ${seconds(durationMs)}` : code;
    return `${provider === '' ? '-' : `${provider}:${model}`} ${answer}`;
  });
  const alike = similarity === undefined ? '' : `, ${Math.round(similarity * 100)} % alike`;
  return `${mirror} mirrored ${requestId}: ${both.join(' beside ')}${alike}`;
}

function changeText({ provider, added, removed }: RouterEvents['models-changed']): string {
  const parts = [...added.map((id) => `+${id}`), ...removed.map((id) => `-${id}`)];
  return `${provider}: ${parts.join(' ')}`;
}

const requestLevels: Readonly<Record<RequestRecord['outcome'], LogLevel>> = {
  ok: 'info',
  'client-closed': 'info',
  failed: 'warn',
  broken: 'warn',
};

function logRequest(logger: Logger, record: RequestRecord): void {
  logger.log(requestLevels[record.outcome], {
    event: 'request-settled',
    message: () => requestText(logger, record),
    fields: () => requestJson(record),
  });
}

function requestText({ paint }: Logger, record: RequestRecord): string {
  const { status, usage } = record;
  const model = record.requestedModel || '(no model)';
  const target = record.provider === '' ? model : `${model} ${paint.dim('→')} ${record.provider}:${record.model}`;
  const failed = record.attempts.filter((attempt) => attempt.code !== 'ok' && attempt.code !== record.code);
  const notes = [
    record.firstTokenMs === undefined ? undefined : `first token ${seconds(record.firstTokenMs)}`,
    usage === undefined ? undefined : `${usage.input}+${usage.output} tokens`,
    record.cost === undefined || record.cost === 0 ? undefined : `$${record.cost.toFixed(6)}`,
    failed.length === 0 ? undefined : `after ${failed.map((one) => `${one.provider} ${one.code}`).join(', ')}`,
    record.skipped.length === 0 ? undefined : `passed over ${record.skipped.join(', ')}`,
    record.outcome === 'client-closed' ? 'client left' : undefined,
    record.outcome === 'broken' ? 'stream broke' : undefined,
    record.outcome === 'ok' ? undefined : record.message,
  ].filter((note) => note !== undefined);
  const shown = status < 400 && record.outcome === 'ok' ? paint.green(String(status)) : paint.red(String(status));
  const tail = notes.length === 0 ? '' : ` ${paint.dim(notes.join(' · '))}`;
  return `${shown} ${record.path} ${target} ${seconds(record.durationMs)}${tail}`;
}

/** Models, paths and the like, which are the same from request to request. */
const nameJson = remembered((name) => cleanJson(name));

/** Durations in milliseconds, money in US dollars. Written out: an object of so many fields costs more than the rest. */
function requestJson(record: RequestRecord): string {
  const { provider, model, code, message, detail, firstTokenMs, usage, cost, skipped, attempts, keyName } = record;
  let json = `"request_id":${cleanJson(record.requestId)},"method":${nameJson(record.method)}`;
  json += `,"path":${nameJson(record.path)},"operation":"${record.operation}"`;
  json += `,"requested_model":${nameJson(record.requestedModel)}`;
  if (provider !== '') json += `,"provider":${nameJson(provider)}`;
  if (model !== '') json += `,"model":${nameJson(model)}`;
  json += `,"status":${record.status},"outcome":"${record.outcome}","stream":${record.stream}`;
  if (code !== undefined) json += `,"code":"${code}"`;
  if (message !== undefined) json += `,"error":${cleanJson(message)}`;
  if (detail !== undefined) json += `,"detail":${cleanJson(detail)}`;
  json += `,"duration_ms":${Math.round(record.durationMs)}`;
  if (firstTokenMs !== undefined) json += `,"first_token_ms":${Math.round(firstTokenMs)}`;
  if (usage !== undefined) json += `,"input_tokens":${usage.input},"output_tokens":${usage.output}`;
  if (cost !== undefined) json += `,"cost":${cost}`;
  json += `,"local":${record.isLocal},"fallback_used":${record.fallbackUsed}`;
  if (skipped.length > 0) json += `,"skipped":${cleanJson(skipped)}`;
  if (attempts.length > 1) json += `,"attempts":${cleanJson(attempts)}`;
  if (keyName !== undefined) json += `,"key":${nameJson(keyName)}`;
  return json;
}

function seconds(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
