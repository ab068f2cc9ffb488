import { cut } from '../core/cut.ts';
import { GatewayError } from '../core/errors.ts';
import type { Operation } from '../core/model.ts';
import { operationTraits } from '../core/operations.ts';
import type { Rejection, Resolution } from '../registry/resolution.ts';
import type { Provider } from '../registry/snapshot.ts';
import { downProvider } from '../registry/unusable.ts';

/** What a client is told when a name leads nowhere: which name, why, and what to do. */
export function resolutionError(resolution: Resolution, operation: Operation): GatewayError {
  const { kind } = resolution;
  const requested = shownName(resolution);
  const name = requested === '' ? 'No model was named, and there' : `"${requested}": there`;
  switch (kind) {
    case 'found':
      return new GatewayError('internal', 'The router hit an internal error.', { detail: 'a found name has no error' });
    case 'down-type':
      return downError(resolution);
    case 'unknown-provider':
      return new GatewayError(
        'model_not_found',
        `There is no provider of this name for "${requested}".`,
        nearHint(resolution),
      );
    case 'unknown':
      if (requested === '')
        return new GatewayError(
          'model_not_found',
          `${name} is no model to choose for ${operationTraits[operation].label}.`,
          emptyHint,
        );
      return new GatewayError(
        'model_not_found',
        `The model "${requested}" is not served by any provider.`,
        nearHint(resolution),
      );
    case 'none-left':
      return noneLeft(resolution);
  }
}

/** As a message may show it. */
function shownName({ requested }: Resolution): string {
  return cut(requested, 256);
}

const emptyHint = {
  hint: 'start a model server (ollama serve) or set a provider key; `router doctor` tells what is missing',
};

function nearHint(resolution: Resolution): { hint: string; param: string } {
  const { near } = resolution;
  const hint =
    near.length === 0
      ? '`router models` lists what can be called'
      : `did you mean ${near.map((one) => `"${one}"`).join(', ')}?`;
  return { hint, param: 'model' };
}

export function downError(resolution: Resolution): GatewayError {
  const { down } = resolution;
  if (down === undefined)
    return new GatewayError('not_ready', `The server of "${shownName(resolution)}" does not answer.`);
  const command = down.startCommand === undefined ? '' : `; run \`${down.startCommand}\``;
  return new GatewayError('not_ready', `Nothing answers on ${down.address}${command}.`, {
    hint: down.startCommand === undefined ? undefined : `start it with \`${down.startCommand}\``,
  });
}

/** Time that a model takes to load at the least. Milliseconds. */
const loadingRetryMs = 2_000;

/** For a name without a server while there is a server that cannot say yet what it serves. */
export function loadingError(provider: Provider): GatewayError {
  const { address } = downProvider(provider);
  return new GatewayError('not_ready', `${provider.label} on ${address} is still loading its model.`, {
    hint: 'ask again in a moment',
    retryAfterMs: loadingRetryMs,
  });
}

/** The code that says most about why no candidate was left. */
function noneLeft(resolution: Resolution): GatewayError {
  const { rejected } = resolution;
  const requested = shownName(resolution);
  const reasons = [...new Set(rejected.map((one) => `${one.candidate}: ${one.reason}`))].join('; ');
  const has = (code: Rejection['code']) => rejected.some((one) => one.code === code);
  if (has('not-allowed')) return new GatewayError('forbidden', `The key may not use the model "${requested}".`);
  if (has('local-only')) {
    return new GatewayError(
      'no_candidate',
      `"${requested}" may not leave this network, and nothing local can take it (${reasons}).`,
    );
  }
  if (has('capability') || has('type')) {
    return new GatewayError(
      'unsupported',
      `No candidate for "${requested}" can do what the request asks (${reasons}).`,
      { param: 'model' },
    );
  }
  if (has('down') && resolution.down !== undefined) return downError(resolution);
  return new GatewayError('no_candidate', `No candidate for "${requested}" can be used (${reasons}).`);
}
