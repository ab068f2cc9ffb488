import type { LocalOnly } from '../config/schema.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import { type LoopMark, type Passed, passedHeader } from '../core/loop-mark.ts';
import type { WarmUp } from '../protocols/ollama/warm-up.ts';
import type { Resolution, ResolveRequest } from '../registry/resolution.ts';
import type { Transport } from '../transport/client.ts';
import { exchangeJson } from '../transport/json-request.ts';
import type { Availability } from './availability.ts';
import { limitFor } from './reach.ts';
import { resolutionError } from './resolution-error.ts';
import { givesUp, lossError, type Waiter } from './waiting.ts';

export interface WarmUpDeps {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly availability: Availability;
  readonly resolve: (request: ResolveRequest) => Resolution;
  readonly mark: LoopMark;
}

export interface WarmUpRequest {
  readonly warmUp: WarmUp;
  /** Ollama's own setting, as the client wrote it. */
  readonly keepAlive: unknown;
  readonly lock: string | undefined;
  readonly localOnly: LocalOnly;
  readonly allowedModels: readonly string[] | undefined;
  /** Routers that the client's request has passed, as its header has them. */
  readonly passed: Passed;
  readonly signal: AbortSignal;
}

/**
 * Loads or unloads a model ahead of use. Only Ollama can be asked to; the other engines have theirs loaded, or load
 * it with the first request, so for them there is nothing to do. Throws when the name leads nowhere.
 */
export async function warmUp(deps: WarmUpDeps, asked: WarmUpRequest): Promise<void> {
  const { model, action } = asked.warmUp;
  const { lock, localOnly, allowedModels } = asked;
  const resolution = deps.resolve({ model, operation: 'chat', lock, localOnly, allowedModels });
  const [target] = resolution.candidates;
  if (resolution.kind !== 'found' || target === undefined) throw resolutionError(resolution, 'chat');
  const { endpoint } = target;
  if (endpoint.type !== 'ollama') return;
  const limit = new AbortController();
  const timer = deps.clock.setTimer(endpoint.timeouts.firstTokenMs, () =>
    limit.abort(new GatewayError('upstream_timeout', `${endpoint.providerId} did not ${action} the model in time.`)),
  );
  const place = deps.availability.place(target);
  const waiter: Waiter = {
    since: deps.clock.monotonic(),
    onLoss: (loss) => {
      if (givesUp(loss, true)) limit.abort(lossError(target, loss));
    },
  };
  place.join(waiter);
  try {
    await exchangeJson(deps.transport, {
      endpoint,
      method: 'POST',
      url: `${endpoint.baseUrl.replace(/\/v\d+$/, '')}/api/generate`,
      headers: { [passedHeader]: deps.mark.after(asked.passed) },
      body: {
        model: target.model.upstreamId,
        ...(asked.keepAlive === undefined ? {} : { keep_alive: asked.keepAlive }),
      },
      signal: AbortSignal.any([asked.signal, limit.signal]),
      limit: limitFor(resolution.localOnly, target),
    });
  } finally {
    timer.cancel();
    place.leave(waiter);
  }
}
