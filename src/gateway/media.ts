import { isIP } from 'node:net';
import { GatewayError } from '../core/errors.ts';
import type { CanonicalRequest, ContentPart, MediaSource, Message } from '../protocols/canonical.ts';
import { isPublicAddress } from '../transport/address.ts';
import { type LookUp, systemLookUp } from '../transport/look-up.ts';

/** GET of one https URL at one address, no redirect followed; rejects with a GatewayError. */
export type FetchPublic = (
  url: URL,
  address: string,
  signal: AbortSignal,
) => Promise<{
  readonly status: number;
  readonly mediaType: string;
  readonly location: string | undefined;
  readonly body: Buffer;
}>;

const maxRedirects = 3;

/** Images that clients name by URL, fetched for upstreams that only take bytes. */
export class MediaFetcher {
  readonly #fetch: FetchPublic;
  readonly #lookUp: LookUp;

  constructor(fetch: FetchPublic, lookUp: LookUp = systemLookUp) {
    this.#fetch = fetch;
    this.#lookUp = lookUp;
  }

  /**
   * The request with every image as bytes. Only https, only public addresses at every hop: a client must not use us
   * to look into the network we stand in. Throws `unsupported` for what may not be fetched.
   */
  async withBytes(request: CanonicalRequest, isLocalOnly: boolean, signal: AbortSignal): Promise<CanonicalRequest> {
    if (!request.messages.some(hasUrl)) return request;
    if (isLocalOnly) {
      throw new GatewayError('unsupported', 'The image is named by URL, and a local-only request may not fetch it.', {
        hint: 'send it as a data: URL',
      });
    }
    const messages = await Promise.all(
      request.messages.map(async (message) =>
        hasUrl(message) ? { ...message, content: await this.#parts(message.content, signal) } : message,
      ),
    );
    return { ...request, messages };
  }

  #parts(parts: readonly ContentPart[], signal: AbortSignal): Promise<ContentPart[]> {
    return Promise.all(
      parts.map(async (part): Promise<ContentPart> => {
        if (part.kind === 'tool-result') return { ...part, content: await this.#parts(part.content, signal) };
        if (part.kind !== 'image' || part.source.kind !== 'url') return part;
        return { ...part, source: await this.#source(part.source.url, signal) };
      }),
    );
  }

  async #source(text: string, signal: AbortSignal): Promise<MediaSource> {
    let url = URL.parse(text);
    for (let hop = 0; hop <= maxRedirects && url !== null; hop++) {
      const answer = await this.#fetch(url, await this.#publicAddress(url), signal);
      if (answer.status >= 300 && answer.status < 400 && answer.location !== undefined) {
        url = URL.parse(answer.location, url);
        continue;
      }
      if (answer.status !== 200) throw refused(text, `its server answered ${answer.status}`);
      if (!answer.mediaType.startsWith('image/'))
        throw refused(text, `it is ${answer.mediaType || 'of no type'}, not an image`);
      return { kind: 'bytes', mediaType: answer.mediaType, base64: answer.body.toString('base64') };
    }
    throw refused(text, url === null ? 'it is not a URL' : 'it redirects too often');
  }

  async #publicAddress(url: URL): Promise<string> {
    if (url.protocol !== 'https:') throw refused(url.href, 'only https is fetched');
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const addresses = isIP(host) === 0 ? await this.#lookUp(host).catch(() => []) : [host];
    const [first] = addresses;
    if (first === undefined) throw refused(url.href, 'its host name does not resolve');
    if (!addresses.every(isPublicAddress)) throw refused(url.href, 'its address is not public');
    return first;
  }
}

function hasUrl(message: Message): boolean {
  return message.content.some(isUrlPart);
}

function isUrlPart(part: ContentPart): boolean {
  if (part.kind === 'tool-result') return part.content.some(isUrlPart);
  return part.kind === 'image' && part.source.kind === 'url';
}

function refused(url: string, why: string): GatewayError {
  return new GatewayError('unsupported', `The image at ${withoutQuery(url)} cannot be used: ${why}.`, {
    hint: 'send the image as a data: URL',
  });
}

/** Queries carry signatures. */
function withoutQuery(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? 'that URL' : `${parsed.origin}${parsed.pathname}`.slice(0, 200);
}
