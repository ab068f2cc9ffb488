import { GatewayError } from '../core/errors.ts';
import type { RejectionCode, Resolution } from './resolution.ts';
import { downMessage } from './unusable.ts';

/** Objections that the request itself brings about: no other moment would change them. */
const askedWrongly: ReadonlySet<RejectionCode> = new Set(['type', 'capability', 'mixed-embeddings']);

/** What a client is told about a name that led nowhere. */
export function resolutionError(resolution: Resolution): GatewayError {
  switch (resolution.kind) {
    case 'unknown':
      return unknownModel(resolution);
    case 'unknown-provider':
      return new GatewayError('bad_request', 'The provider lock names no provider of this router.', {
        hint: didYouMean(resolution.near) ?? 'GET /v1/models lists the providers of each model',
        param: 'x-router-provider-lock',
      });
    case 'down-type':
      return new GatewayError(
        'no_candidate',
        sentence(resolution.down === undefined ? '' : downMessage(resolution.down)),
        {
          param: 'model',
        },
      );
    case 'none-left':
      return noneLeft(resolution);
    case 'found':
      return new GatewayError('internal', `"${resolution.requested}" was found`);
  }
}

function unknownModel({ requested, near }: Resolution): GatewayError {
  const message = requested === '' ? 'The request names no model.' : `No model is called "${requested}".`;
  const hint = didYouMean(near);
  return new GatewayError('model_not_found', hint === undefined ? message : `${message} ${hint}`, {
    hint: 'GET /v1/models lists what can be called',
    param: 'model',
  });
}

function noneLeft({ requested, rejected }: Resolution): GatewayError {
  const reasons = [...new Set(rejected.map(({ candidate, reason }) => `${candidate}: ${reason}`))].join('; ');
  const message = `Nothing may answer "${requested}" for this request (${reasons}).`;
  if (rejected.length > 0 && rejected.every(({ code }) => code === 'not-allowed')) {
    return new GatewayError('forbidden', `The key may not use the model "${requested}".`, { param: 'model' });
  }
  const isAsked = rejected.length > 0 && rejected.every(({ code }) => askedWrongly.has(code));
  return new GatewayError(isAsked ? 'unsupported' : 'no_candidate', message, { param: 'model' });
}

function didYouMean(near: readonly string[]): string | undefined {
  return near.length === 0 ? undefined : `Did you mean ${near.map((name) => `"${name}"`).join(' or ')}?`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
