import type { EventBus, RouterEvents } from '../core/events.ts';
import type { Logger } from './logger.ts';
import { logAttempt, logAttemptBegun, logRequest, logResolved, seconds } from './request-lines.ts';

/** Everything that happens, as lines of a log. Returns the function that ends it. */
export function subscribeLog(events: EventBus, logger: Logger): () => void {
  const ends = [
    events.on('request-resolved', (event) => logResolved(logger, event)),
    events.on('attempt-begun', (event) => logAttemptBegun(logger, event)),
    events.on('attempt-ended', (event) => logAttempt(logger, event)),
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
