import type { LocalOnly } from '../config/schema.ts';
import type { Clock } from '../core/clock.ts';
import { cut } from '../core/cut.ts';
import { GatewayError } from '../core/errors.ts';
import { type LoopMark, type Passed, passedHeader } from '../core/loop-mark.ts';
import type { Formats } from '../protocols/formats.ts';
import type { WarmUp } from '../protocols/protocol.ts';
import { maxNameLength } from '../registry/plain-name.ts';
import type { Resolution, ResolveRequest } from '../registry/resolution.ts';
import type { Transport } from '../transport/client.ts';
import { exchangeJson } from '../transport/json-request.ts';
import type { Availability } from './availability.ts';
import { limitFor } from './reach.ts';
import { resolutionError } from './resolution-error.ts';
import { asAttempt } from './side-question.ts';
import type { Trail } from './trail.ts';
import { givesUp, lossError, type Waiter } from './waiting.ts';

export interface WarmUpDeps {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly availability: Availability;
  readonly formats: Pick<Formats, 'askForWarmUp'>;
  readonly resolve: (request: ResolveRequest) => Resolution;
  readonly mark: LoopMark;
}

export interface WarmUpRequest {
  readonly warmUp: WarmUp;
  readonly lock: string | undefined;
  readonly localOnly: LocalOnly;
  readonly allowedModels: readonly string[] | undefined;
  /** Routers that the client's request has passed, as its header has them. */
  readonly passed: Passed;
  readonly signal: AbortSignal;
  readonly trail: Trail;
}

/**
 * Loads or unloads a model ahead of use, where its server can be told to; for the others there is nothing to do. Throws
 * when the name leads nowhere.
 */
export async function warmUp(deps: WarmUpDeps, asked: WarmUpRequest): Promise<void> {
  const { model, action, keepAlive } = asked.warmUp;
  const { lock, localOnly, allowedModels } = asked;
  const resolution = deps.resolve({ model, operation: 'chat', lock, localOnly, allowedModels });
  const [target] = resolution.candidates;
  asked.trail.requestedModel = cut(model, maxNameLength);
  asked.trail.resolution = resolution;
  if (resolution.kind !== 'found' || target === undefined) throw resolutionError(resolution, 'chat');
  const { endpoint } = target;
  const question = deps.formats.askForWarmUp(target, keepAlive);
  if (question === undefined) return;
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
    await asAttempt(asked.trail, target, () =>
      exchangeJson(deps.transport, {
        endpoint,
        method: 'POST',
        url: question.url,
        headers: { ...question.headers, [passedHeader]: deps.mark.after(asked.passed) },
        body: question.body,
        signal: AbortSignal.any([asked.signal, limit.signal]),
        limit: limitFor(resolution.localOnly, target),
      }),
    );
  } finally {
    timer.cancel();
    place.leave(waiter);
  }
}
