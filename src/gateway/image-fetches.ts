import { isIP } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { MemoryShare } from '../core/memory-budget.ts';
import type { Slots } from '../core/slots.ts';
import type { MediaSource } from '../protocols/canonical.ts';
import { isPublicAddress } from '../transport/address.ts';
import type { PublicAnswer, PublicFetch } from '../transport/fetch-public.ts';
import type { LookUp } from '../transport/look-up.ts';

/** GET of one https URL at one address, no redirect followed; rejects with a GatewayError that says why. */
export type FetchPublic = (fetch: PublicFetch) => Promise<PublicAnswer>;

export interface MediaLimits {
  /** Of one image, as its server sends it. Bytes. */
  readonly imageBytes: number;
  /** Of all images of a request, each as often as it is named. Bytes. */
  readonly requestBytes: number;
  /** Different URLs in one request. */
  readonly images: number;
  /** Fetched at once for one request, and for all. */
  readonly fetchesOfRequest: number;
  readonly fetches: number;
  /** From the look-up of its name to its last byte, redirects included. Milliseconds. */
  readonly imageMs: number;
  /** For all images of a request, and for the wait until others are fetched. Milliseconds. */
  readonly requestMs: number;
}

const maxRedirects = 3;

/**
 * What an image takes for each of its bytes: base64 is a third more, and is held as the part, as a piece of the body's
 * text and as one of the body's bytes.
 */
const heldForEachByte = 4;

export interface ImageFetchDeps {
  readonly clock: Clock;
  readonly fetch: FetchPublic;
  readonly lookUp: LookUp;
  readonly limits: MediaLimits;
  /** Of all requests together. */
  readonly slots: Slots;
}

export interface ImageFetchInput {
  /** How often each is named. */
  readonly urls: ReadonlyMap<string, number>;
  readonly signal: AbortSignal;
  readonly memory: MemoryShare;
}

/** The images of one request. The first that cannot be had ends the fetching of the others. */
export class ImageFetches {
  readonly #deps: ImageFetchDeps;
  readonly #input: ImageFetchInput;
  readonly #abort = new AbortController();
  readonly #found = new Map<string, MediaSource>();
  #bytes = 0;

  constructor(deps: ImageFetchDeps, input: ImageFetchInput) {
    this.#deps = deps;
    this.#input = input;
  }

  /** Every URL with its image. Rejects with a GatewayError that names the image it is about. */
  async all(): Promise<ReadonlyMap<string, MediaSource>> {
    const { clock, limits } = this.#deps;
    const { urls, signal } = this.#input;
    if (urls.size > limits.images) {
      throw new GatewayError(
        'unsupported',
        `The request names ${urls.size} images by URL; ${limits.images} are fetched.`,
        {
          hint: 'send fewer images, or some of them as data: URLs',
        },
      );
    }
    const leave = () => this.#abort.abort(new GatewayError('client_closed', 'The client left before its answer.'));
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    const timer = clock.setTimer(limits.requestMs, () => this.#abort.abort(tooSlow(limits.requestMs)));
    try {
      const waiting = [...urls.keys()].entries();
      const fetchers = Array.from({ length: Math.min(limits.fetchesOfRequest, urls.size) }, () => this.#work(waiting));
      await Promise.all(fetchers);
      return this.#found;
    } catch (thrown) {
      const error = GatewayError.from(thrown);
      this.#abort.abort(error);
      throw error;
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', leave);
    }
  }

  /** Fetches one after another of those that are not being fetched yet. */
  async #work(waiting: IterableIterator<[number, string]>): Promise<void> {
    for (const [index, url] of waiting) {
      const free = await this.#deps.slots.enter(this.#abort.signal);
      try {
        this.#found.set(url, await this.#timed(index, url));
      } finally {
        free();
      }
    }
  }

  async #timed(index: number, url: string): Promise<MediaSource> {
    const { clock, limits } = this.#deps;
    const late = new AbortController();
    const timer = clock.setTimer(limits.imageMs, () =>
      late.abort(refused(`it did not come within ${limits.imageMs} ms`)),
    );
    const signal = AbortSignal.any([this.#abort.signal, late.signal]);
    try {
      // A look-up cannot be aborted, so it is not waited for either.
      return await Promise.race([this.#source(url, signal), rejectedBy(signal)]);
    } catch (thrown) {
      throw this.#named(signal.aborted ? signal.reason : thrown, index, url);
    } finally {
      timer.cancel();
    }
  }

  /** An error that is about one image says which. */
  #named(thrown: unknown, index: number, url: string): GatewayError {
    const error = GatewayError.from(thrown);
    if (error.code !== 'unsupported' || error === this.#abort.signal.reason) return error;
    const { size } = this.#input.urls;
    const which = size === 1 ? 'The image' : `Image ${index + 1} of ${size},`;
    const text = `${which} at ${withoutQuery(url)}${size === 1 ? '' : ','} cannot be used: ${error.message}.`;
    return new GatewayError('unsupported', text, { hint: 'send the image as a data: URL', cause: error });
  }

  async #source(text: string, signal: AbortSignal): Promise<MediaSource> {
    const { fetch } = this.#deps;
    let url = URL.parse(text);
    for (let hop = 0; hop <= maxRedirects && url !== null; hop++) {
      const address = await this.#publicAddress(url);
      signal.throwIfAborted();
      const { status, location, mediaType, body } = await fetch({
        url,
        address,
        signal,
        onBytes: this.#counting(text),
      });
      if (status >= 300 && status < 400 && location !== undefined) {
        url = URL.parse(location, url);
        continue;
      }
      if (status !== 200) throw refused(`its server answered ${status}`);
      if (!mediaType.startsWith('image/')) throw refused(`it is ${mediaType || 'of no type'}, not an image`);
      return { kind: 'bytes', mediaType, base64: body.toString('base64') };
    }
    throw refused(url === null ? 'it is not a URL' : 'it redirects too often');
  }

  /** Counts the bytes of one image, before they are held. */
  #counting(url: string): (bytes: number) => void {
    const { imageBytes, requestBytes } = this.#deps.limits;
    const times = this.#input.urls.get(url) ?? 1;
    let size = 0;
    return (bytes) => {
      size += bytes;
      if (size > imageBytes) throw refused(`it is larger than ${imageBytes} bytes`);
      this.#bytes += bytes * times;
      if (this.#bytes > requestBytes) throw refused(`all images together are larger than ${requestBytes} bytes`);
      this.#input.memory.take(bytes * times * heldForEachByte);
    };
  }

  async #publicAddress(url: URL): Promise<string> {
    if (url.protocol !== 'https:') throw refused('only https is fetched');
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const addresses = isIP(host) === 0 ? await this.#deps.lookUp(host).catch(() => []) : [host];
    const [first] = addresses;
    if (first === undefined) throw refused('its host name does not resolve');
    if (!addresses.every(isPublicAddress)) throw refused('its address is not public');
    return first;
  }
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** Says why; which image is meant is added later. */
function refused(why: string): GatewayError {
  return new GatewayError('unsupported', why);
}

function tooSlow(limitMs: number): GatewayError {
  return new GatewayError('unsupported', `The images that are named by URL did not come within ${limitMs} ms.`, {
    hint: 'send them as data: URLs',
  });
}

/** Queries carry signatures. */
function withoutQuery(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? 'that URL' : `${parsed.origin}${parsed.pathname}`.slice(0, 200);
}
