import { cacheKey } from '../cache/cache-key.ts';
import { ExactCache } from '../cache/exact-cache.ts';
import type { Config } from '../config/schema.ts';
import { duration } from '../config/units.ts';
import { type Clock, delay } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Candidate, Operation, Usage } from '../core/model.ts';
import type { Resolution } from '../registry/resolution.ts';
import type { AnswerTap, CompleteAnswer, UpstreamAnswer } from './answer-tap.ts';
import { type Exchange, type RoutingHeaders, routingHeader } from './exchange.ts';

/** An answer as its client got it. */
export interface KeptAnswer {
  readonly candidate: Candidate;
  readonly contentType: string | undefined;
  readonly body: Buffer;
  readonly usage: Usage | undefined;
}

type CacheConfig = NonNullable<Config['cache']>;

/** What a request asks of the cache. */
interface Wishes {
  readonly mayRead: boolean;
  readonly ttlMs: number;
  readonly namespace: string | undefined;
}

const cached: ReadonlySet<Operation> = new Set(['chat', 'completions', 'embeddings', 'rerank']);

/** Answers over this are not kept. Bytes. */
const largestAnswer = 4 * 1024 * 1024;

/** Longest wait for an equal request that is being answered, before a client would want a sign of life. Milliseconds. */
const longestWaitMs = 10_000;

/** Complete answers of earlier requests, for equal ones that follow or come at the same time. */
export class AnswerCache {
  readonly #clock: Clock;
  readonly #answers: ExactCache<KeptAnswer>;
  readonly #underway = new Map<string, Promise<void>>();
  #hits = 0;
  #misses = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#answers = new ExactCache(clock);
  }

  get statistics() {
    const { size: entries, bytes } = this.#answers;
    return { entries, bytes, hits: this.#hits, misses: this.#misses };
  }

  clear(): void {
    this.#answers.clear();
  }

  /** `isKept`: the answer is stored for the client to continue from. Undefined while caching is off, and for requests that want nothing of it or cannot be cached. */
  open(
    config: CacheConfig | undefined,
    about: {
      readonly exchange: Exchange;
      readonly resolution: Resolution;
      readonly routing: RoutingHeaders;
      readonly isKept: boolean;
    },
  ): CacheVisit | undefined {
    const { exchange, resolution, routing, isKept } = about;
    const { id } = exchange.inbound;
    if (config?.enabled !== true || !cached.has(id.operation)) return undefined;
    const wishes = wishesOf(exchange, config);
    // The client may continue from the answer, so it needs an id of its own.
    if (wishes === undefined || isKept) {
      exchange.trail.cache = 'bypass';
      return undefined;
    }
    const key = cacheKey({
      protocol: id.protocol,
      operation: id.operation,
      path: exchange.path,
      query: exchange.route.query.toString(),
      body: exchange.json,
      keyName: exchange.key?.name,
      localOnly: resolution.localOnly,
      lock: routing.lock,
      namespace: wishes.namespace,
    });
    return new CacheVisit(
      { clock: this.#clock, answers: this.#answers, underway: this.#underway },
      { exchange, key, config, wishes, told: (isHit) => this.#count(isHit) },
    );
  }

  #count(isHit: boolean): void {
    if (isHit) this.#hits++;
    else this.#misses++;
  }
}

interface Shelf {
  readonly clock: Clock;
  readonly answers: ExactCache<KeptAnswer>;
  /** Requests whose answers are on their way, by key. */
  readonly underway: Map<string, Promise<void>>;
}

interface VisitInput {
  readonly exchange: Exchange;
  readonly key: string;
  readonly config: CacheConfig;
  readonly wishes: Wishes;
  readonly told: (isHit: boolean) => void;
}

/** One request at the cache: looks, and keeps the answer it gets when there was none. */
export class CacheVisit {
  readonly #shelf: Shelf;
  readonly #input: VisitInput;
  #release: (() => void) | undefined;

  constructor(shelf: Shelf, input: VisitInput) {
    this.#shelf = shelf;
    this.#input = input;
  }

  /** An answer that is there, or that an equal request is getting at this moment. */
  async find(): Promise<{ readonly value: KeptAnswer; readonly ageMs: number } | undefined> {
    const { exchange, key, wishes, told } = this.#input;
    const { answers, underway, clock } = this.#shelf;
    let found = wishes.mayRead ? answers.get(key) : undefined;
    const other = wishes.mayRead && found === undefined ? underway.get(key) : undefined;
    if (other !== undefined) {
      // Whoever was first may fail or leave: then each goes on alone.
      await Promise.race([other, delay(clock, longestWaitMs, exchange.departure.signal).catch(() => undefined)]);
      found = answers.get(key);
    } else if (found === undefined) this.#begin();
    told(found !== undefined);
    exchange.trail.cache = found === undefined ? 'miss' : 'hit';
    return found;
  }

  /** Hears the answer. */
  tap(): AnswerTap {
    return new Keeper((answer) => {
      const { key, wishes, config } = this.#input;
      const bytes = answer.body.length + 512;
      const limits = { maxEntries: config.max_entries, maxBytes: config.max_size };
      this.#shelf.answers.put(key, { value: answer, bytes, ttlMs: wishes.ttlMs }, limits);
      this.close();
    });
  }

  /** The request has ended, however it did: those that wait for its answer go on. Safe to repeat. */
  close(): void {
    this.#release?.();
    this.#release = undefined;
  }

  #begin(): void {
    const { underway } = this.#shelf;
    const { key } = this.#input;
    const { promise, resolve } = Promise.withResolvers<void>();
    underway.set(key, promise);
    this.#release = () => {
      if (underway.get(key) === promise) underway.delete(key);
      resolve();
    };
  }
}

/** Collects an answer's bytes, and hands over those of one that is complete. */
class Keeper implements AnswerTap {
  readonly #keep: (answer: KeptAnswer) => void;
  #head: UpstreamAnswer | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(keep: (answer: KeptAnswer) => void) {
    this.#keep = keep;
  }

  begin(answer: UpstreamAnswer): void {
    this.#head = answer;
  }

  chunk(chunk: Buffer | string): void {
    this.#bytes += chunk.length;
    if (this.#bytes > largestAnswer) this.#chunks = [];
    else this.#chunks.push(Buffer.from(chunk as string));
  }

  complete({ usage }: CompleteAnswer): void {
    const head = this.#head;
    if (head === undefined || head.status !== 200 || this.#bytes > largestAnswer) return;
    const body = Buffer.concat(this.#chunks);
    if (cutShort.test(body.toString('latin1'))) return;
    const type = head.headers['content-type'];
    this.#keep({ candidate: head.candidate, contentType: typeof type === 'string' ? type : undefined, body, usage });
  }

  broken(): void {
    this.#chunks = [];
  }
}

/** How each protocol says that an answer was cut by a limit: it is not the answer to give again. */
const cutShort =
  /"(?:finish_reason|stop_reason|done_reason|finishReason)"\s*:\s*"(?:length|max_tokens|MAX_TOKENS|model_context_window_exceeded)"|"status"\s*:\s*"incomplete"/;

/** Undefined for a request that wants nothing kept. Throws `bad_request` for a time that cannot be read. */
function wishesOf({ headers }: Exchange, config: CacheConfig): Wishes | undefined {
  const control = typeof headers['cache-control'] === 'string' ? headers['cache-control'].toLowerCase() : '';
  if (/\bno-store\b/.test(control)) return undefined;
  const refresh = routingHeader(headers, 'cache-force-refresh')?.trim().toLowerCase() ?? 'false';
  const mayRead = !/\bno-cache\b/.test(control) && ['false', '0', 'no'].includes(refresh);
  return { mayRead, ttlMs: ttlOf(headers) ?? config.default_ttl, namespace: routingHeader(headers, 'cache-namespace') };
}

function ttlOf(headers: Exchange['headers']): number | undefined {
  const text = routingHeader(headers, 'cache-ttl')?.trim();
  if (text === undefined) return undefined;
  const read = duration.safeParse(text);
  if (read.success) return read.data;
  throw new GatewayError('bad_request', `The cache time "${text.slice(0, 40)}" is not a duration.`, {
    hint: 'write seconds (300) or a duration (5m)',
  });
}
