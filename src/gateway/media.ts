import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { MemoryShare } from '../core/memory-budget.ts';
import { Slots } from '../core/slots.ts';
import type { CanonicalRequest, ContentPart, MediaSource, Message } from '../protocols/canonical.ts';
import { type LookUp, systemLookUp } from '../transport/look-up.ts';
import { type FetchPublic, ImageFetches, type MediaLimits } from './image-fetches.ts';

const defaultLimits: MediaLimits = {
  imageBytes: 20 * 1024 * 1024,
  // More than the providers that only take bytes accept in one request.
  requestBytes: 32 * 1024 * 1024,
  images: 64,
  fetchesOfRequest: 4,
  fetches: 16,
  imageMs: 30_000,
  requestMs: 60_000,
};

export interface MediaDeps {
  readonly clock: Clock;
  readonly fetch: FetchPublic;
  readonly lookUp?: LookUp | undefined;
  readonly limits?: Partial<MediaLimits> | undefined;
}

/** Of one request, shared by all candidates it is made ready for: an image is fetched once. */
export interface FetchedImages {
  all?: Promise<ReadonlyMap<string, MediaSource>> | undefined;
}

export interface MediaRequest {
  readonly isLocalOnly: boolean;
  /** The client's departure. */
  readonly signal: AbortSignal;
  readonly memory: MemoryShare;
  readonly images: FetchedImages;
}

/** Images that clients name by URL, fetched for upstreams that only take bytes. */
export class MediaFetcher {
  readonly #deps: MediaDeps & { readonly lookUp: LookUp; readonly limits: MediaLimits; readonly slots: Slots };

  constructor(deps: MediaDeps) {
    const limits = { ...defaultLimits, ...deps.limits };
    this.#deps = { ...deps, limits, lookUp: deps.lookUp ?? systemLookUp, slots: new Slots(limits.fetches) };
  }

  /**
   * The request with every image as bytes. Only https, only public addresses at every hop: a client must not use us
   * to look into the network we stand in. Throws `unsupported` for what may not be fetched or was not to be had,
   * `overloaded` when other requests hold the memory, `client_closed`.
   */
  async withBytes(request: CanonicalRequest, about: MediaRequest): Promise<CanonicalRequest> {
    const urls = urlsOf(request.messages);
    if (urls.size === 0) return request;
    if (about.isLocalOnly) {
      throw new GatewayError('unsupported', 'The image is named by URL, and a local-only request may not fetch it.', {
        hint: 'send it as a data: URL',
      });
    }
    about.images.all ??= new ImageFetches(this.#deps, { urls, signal: about.signal, memory: about.memory }).all();
    const sources = await about.images.all;
    return {
      ...request,
      messages: request.messages.map((message) => ({ ...message, content: withSources(message.content, sources) })),
    };
  }
}

/** How often each URL is named, in the order of the first time. */
function urlsOf(messages: readonly Message[]): ReadonlyMap<string, number> {
  const urls = new Map<string, number>();
  const note = (parts: readonly ContentPart[]): void => {
    for (const part of parts) {
      if (part.kind === 'tool-result') note(part.content);
      else if (part.kind === 'image' && part.source.kind === 'url')
        urls.set(part.source.url, (urls.get(part.source.url) ?? 0) + 1);
    }
  };
  for (const { content } of messages) note(content);
  return urls;
}

function withSources(parts: readonly ContentPart[], sources: ReadonlyMap<string, MediaSource>): ContentPart[] {
  return parts.map((part): ContentPart => {
    if (part.kind === 'tool-result') return { ...part, content: withSources(part.content, sources) };
    if (part.kind !== 'image' || part.source.kind !== 'url') return part;
    return { ...part, source: sources.get(part.source.url) ?? part.source };
  });
}
