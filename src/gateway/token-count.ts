import type { LocalOnly } from '../config/schema.ts';
import type { Clock } from '../core/clock.ts';
import { cut } from '../core/cut.ts';
import { GatewayError } from '../core/errors.ts';
import { type LoopMark, type Passed, passedHeader } from '../core/loop-mark.ts';
import type { Candidate, ProtocolName } from '../core/model.ts';
import type { CanonicalRequest } from '../protocols/canonical.ts';
import { estimateInput } from '../protocols/estimate.ts';
import { asObject } from '../protocols/fields.ts';
import type { Formats } from '../protocols/formats.ts';
import { maxNameLength } from '../registry/plain-name.ts';
import type { Resolution, ResolveRequest } from '../registry/resolution.ts';
import type { Reach } from '../transport/address.ts';
import type { Transport } from '../transport/client.ts';
import { exchangeJson } from '../transport/json-request.ts';
import type { Availability } from './availability.ts';
import { limitFor } from './reach.ts';
import { resolutionError } from './resolution-error.ts';
import { asAttempt } from './side-question.ts';
import type { Trail } from './trail.ts';

export interface TokenCount {
  readonly tokens: number;
  /** Counted by rule of thumb: no server of the model could be asked. */
  readonly isEstimate: boolean;
}

export interface TokenCounterDeps {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly availability: Availability;
  readonly formats: Pick<Formats, 'outbounds'>;
  readonly resolve: (request: ResolveRequest) => Resolution;
  readonly mark: LoopMark;
}

export interface CountRequest {
  readonly model: string;
  readonly request: CanonicalRequest;
  readonly lock: string | undefined;
  readonly localOnly: LocalOnly;
  readonly allowedModels: readonly string[] | undefined;
  /** Routers that the client's request has passed, as its header has them. */
  readonly passed: Passed;
  readonly signal: AbortSignal;
  readonly trail: Trail;
}

/** Counting must never take as long as answering would. Milliseconds. */
const limitMs = 5_000;

/** Prompt tokens from the engine's own tokenizer where it can be asked, else an estimate that says so. */
export class TokenCounter {
  readonly #deps: TokenCounterDeps;

  constructor(deps: TokenCounterDeps) {
    this.#deps = deps;
  }

  /** Throws `model_not_found` and its like for a name that leads nowhere. */
  async count(asked: CountRequest): Promise<TokenCount> {
    const { model, lock, localOnly, allowedModels } = asked;
    const resolution = this.#deps.resolve({ model, operation: 'count_tokens', lock, localOnly, allowedModels });
    asked.trail.requestedModel = cut(model, maxNameLength);
    asked.trail.resolution = resolution;
    if (resolution.kind !== 'found') throw resolutionError(resolution, 'count_tokens');
    const target = resolution.candidates.find((one) => this.#deps.availability.reservation(one) === undefined);
    const tokens =
      target === undefined ? undefined : await this.#ask(target, asked, limitFor(resolution.localOnly, target));
    if (tokens !== undefined) return { tokens, isEstimate: false };
    return { tokens: estimateInput(asked.request), isEstimate: true };
  }

  async #ask(
    target: Candidate,
    { request, passed, signal, trail }: CountRequest,
    limit: Reach,
  ): Promise<number | undefined> {
    const late = new AbortController();
    const { providerId } = target.endpoint;
    const timer = this.#deps.clock.setTimer(limitMs, () =>
      late.abort(new GatewayError('upstream_timeout', `${providerId} did not count within ${limitMs} ms.`)),
    );
    try {
      const outbound = this.#deps.formats.outbounds.get(target.model.protocols[0] as ProtocolName);
      const question = outbound?.countTokens?.(request, target);
      if (question === undefined) return undefined;
      const answer = await asAttempt(trail, target, () =>
        exchangeJson(this.#deps.transport, {
          endpoint: target.endpoint,
          method: 'POST',
          url: question.url,
          headers: { ...question.headers, [passedHeader]: this.#deps.mark.after(passed) },
          body: question.body,
          signal: AbortSignal.any([signal, late.signal]),
          limit,
        }),
      );
      return question.read(asObject(answer) ?? {});
    } catch {
      // Whatever the reason, an estimate serves the caller better than an error about a count.
      return undefined;
    } finally {
      timer.cancel();
    }
  }
}
