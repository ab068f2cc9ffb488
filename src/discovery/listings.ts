import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { ModelFacts } from '../core/facts.ts';
import type { Endpoint } from '../core/model.ts';
import { type ModelType, modelTypes } from '../core/model.ts';
import { asObject, asText } from '../protocols/fields.ts';
import type { JsonObject } from '../protocols/protocol.ts';
import { maxModels, tooManyModels } from './answer.ts';
import { count } from './kinds/kind.ts';
import { listedModel } from './kinds/openai.ts';

/** The models that a hosted provider lists, as last heard. */
export interface ProviderListing {
  readonly providerId: string;
  /** `Endpoint.key`. */
  readonly endpointKey: string;
  /** Empty until the first answer; kept when a later question fails. */
  readonly models: readonly ModelFacts[];
  /** Why the last question failed, or what was left out of its answer, for people. */
  readonly error: string | undefined;
  /** Unix milliseconds of the last answer, 0 before the first. */
  readonly checkedAtMs: number;
}

/** GET of the provider's listing as parsed JSON, with credential, proxy and TLS as its requests have them. */
export type FetchListing = (endpoint: Endpoint, signal: AbortSignal) => Promise<unknown>;

interface Entry {
  readonly endpoint: Endpoint;
  readonly listing: ProviderListing;
  readonly dueAtMs: number;
  readonly failures: number;
}

/** Hosted lists change by the week. */
const intervalMs = 10 * 60_000;
const firstRetryMs = 30_000;

export interface ListingsOptions {
  readonly clock: Clock;
  readonly fetchListing: FetchListing;
  /** Called when a listing came, changed or failed. */
  readonly onChange: () => void;
  readonly signal: AbortSignal;
}

/** Asks providers with `auto_discover` for their models, on a slow clock. */
export class Listings {
  readonly #options: ListingsOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #asking = new Set<string>();
  #timer: { cancel(): void } | undefined;

  constructor(options: ListingsOptions) {
    this.#options = options;
  }

  all(): readonly ProviderListing[] {
    return [...this.#entries.values()].map((entry) => entry.listing);
  }

  /** Asks new ones at once; what is known of those that stay is kept. */
  set(endpoints: readonly Endpoint[]): void {
    const wanted = new Map(endpoints.map((endpoint) => [endpoint.key, endpoint]));
    for (const key of this.#entries.keys()) if (!wanted.has(key)) this.#entries.delete(key);
    for (const [key, endpoint] of wanted) {
      const known = this.#entries.get(key);
      const isSame = known?.endpoint.credential?.reveal() === endpoint.credential?.reveal();
      this.#entries.set(key, known !== undefined && isSame ? { ...known, endpoint } : this.#unasked(endpoint));
    }
    this.#run();
  }

  close(): void {
    this.#timer?.cancel();
    this.#entries.clear();
  }

  #unasked(endpoint: Endpoint): Entry {
    const { providerId, key: endpointKey } = endpoint;
    const listing = { providerId, endpointKey, models: [], error: undefined, checkedAtMs: 0 };
    return { endpoint, listing, dueAtMs: this.#options.clock.monotonic(), failures: 0 };
  }

  #run(): void {
    const now = this.#options.clock.monotonic();
    for (const [key, entry] of this.#entries) {
      if (entry.dueAtMs <= now && !this.#asking.has(key)) void this.#ask(key, entry);
    }
    this.#schedule(now);
  }

  #schedule(now: number): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const waiting = [...this.#entries].filter(([key]) => !this.#asking.has(key));
    if (waiting.length === 0 || this.#options.signal.aborted) return;
    const next = Math.min(...waiting.map(([, entry]) => entry.dueAtMs));
    this.#timer = this.#options.clock.setTimer(Math.max(0, next - now), () => this.#run());
  }

  async #ask(key: string, entry: Entry): Promise<void> {
    this.#asking.add(key);
    const after = await this.#answerOf(entry);
    this.#asking.delete(key);
    // Removed or replaced by a reload meanwhile: then the answer is about something that is no more.
    if (this.#options.signal.aborted) return;
    if (this.#entries.get(key)?.endpoint === entry.endpoint) {
      this.#entries.set(key, after);
      this.#options.onChange();
    }
    this.#run();
  }

  async #answerOf(entry: Entry): Promise<Entry> {
    const { clock, fetchListing, signal } = this.#options;
    try {
      const listed = modelsOf(await fetchListing(entry.endpoint, signal));
      const error = tooManyModels(listed.length);
      const listing = { ...entry.listing, models: listed.slice(0, maxModels), error, checkedAtMs: clock.now() };
      return { ...entry, listing, failures: 0, dueAtMs: clock.monotonic() + intervalMs };
    } catch (error) {
      const failures = entry.failures + 1;
      const retryMs = Math.min(firstRetryMs * 2 ** (failures - 1), intervalMs);
      const listing = { ...entry.listing, error: error instanceof Error ? error.message : String(error) };
      return { ...entry, listing, failures, dueAtMs: clock.monotonic() + retryMs };
    }
  }
}

/**
 * Models in a provider's listing: `data` of OpenAI, Anthropic and OpenRouter, `models` of Gemini and Cohere, or a bare
 * array. Throws `upstream_invalid` for anything else.
 */
export function modelsOf(body: unknown): readonly ModelFacts[] {
  const list = Array.isArray(body) ? body : (asObject(body)?.data ?? asObject(body)?.models);
  if (!Array.isArray(list)) throw new GatewayError('upstream_invalid', 'The answer is not a list of models.');
  return list.flatMap((entry) => {
    const row = asObject(entry);
    const id = asText(row?.id) ?? asText(row?.name)?.replace(/^models\//, '');
    return row === undefined || id === undefined ? [] : [hostedModel(id, row)];
  });
}

function hostedModel(id: string, row: JsonObject): ModelFacts {
  const facts = listedModel({ ...row, id });
  const named = modelTypes.find((type): type is ModelType => type === row.type);
  return { ...facts, type: named ?? facts.type, context: facts.context ?? count(row.inputTokenLimit) };
}
