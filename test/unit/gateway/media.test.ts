import { describe, expect, it } from 'vitest';
import { MemoryBudget } from '../../../src/core/memory-budget.ts';
import type { FetchPublic, MediaLimits } from '../../../src/gateway/image-fetches.ts';
import { MediaFetcher, type MediaRequest } from '../../../src/gateway/media.ts';
import type { CanonicalRequest } from '../../../src/protocols/canonical.ts';
import { createFakeClock } from '../../support/clock.ts';

type Answer = Awaited<ReturnType<FetchPublic>>;

const png: Answer = { status: 200, mediaType: 'image/png', location: undefined, body: Buffer.from('png') };
const missing: Answer = { ...png, status: 404, mediaType: 'text/plain', body: Buffer.alloc(0) };

function asking(...urls: readonly string[]): CanonicalRequest {
  return {
    model: 'm',
    messages: [{ role: 'user', content: urls.map((url) => ({ kind: 'image', source: { kind: 'url', url } })) }],
    tools: [],
    stream: false,
    includeUsage: false,
  };
}

const many = (count: number) => Array.from({ length: count }, (_, at) => `https://img.example/${at}.png`);

interface Scene {
  readonly fetch?: FetchPublic;
  readonly hosts?: Readonly<Record<string, readonly string[]>>;
  readonly answers?: Readonly<Record<string, Answer>>;
  readonly limits?: Partial<MediaLimits>;
  readonly budgetBytes?: number;
}

/** Hosts by name; every fetch is remembered with the address it went to. */
function arrange(scene: Scene = {}) {
  const { hosts = { 'img.example': ['93.184.216.34'] }, answers = {}, limits } = scene;
  const fetched: string[] = [];
  const clock = createFakeClock();
  const budget = new MemoryBudget(() => scene.budgetBytes ?? 1_000_000);
  const leaving = new AbortController();
  const fetch: FetchPublic = async (asked) => {
    fetched.push(`${asked.url.href} at ${asked.address}`);
    if (scene.fetch !== undefined) return scene.fetch(asked);
    const answer = answers[asked.url.href] ?? missing;
    asked.onBytes(answer.body.length);
    return answer;
  };
  const media = new MediaFetcher({ clock, fetch, lookUp: async (host) => hosts[host] ?? [], limits });
  const about = (more: Partial<MediaRequest> = {}): MediaRequest => ({
    isLocalOnly: false,
    signal: leaving.signal,
    memory: budget.share(),
    images: {},
    ...more,
  });
  return { media, fetched, clock, budget, leaving, about };
}

/** Never answers; is told apart by what is still open. */
function holding() {
  const open = new Set<string>();
  const fetch: FetchPublic = ({ url, signal }) =>
    new Promise((_resolve, reject) => {
      open.add(url.pathname);
      signal.addEventListener('abort', () => {
        open.delete(url.pathname);
        reject(signal.reason);
      });
    });
  return { open, fetch };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('MediaFetcher', () => {
  it('turns an image named by URL into bytes, asked at the address that was checked', async () => {
    const { media, fetched, about } = arrange({ answers: { 'https://img.example/a.png': png } });
    const ready = await media.withBytes(asking('https://img.example/a.png'), about());
    expect(ready.messages[0]?.content[0]).toEqual({
      kind: 'image',
      source: { kind: 'bytes', mediaType: 'image/png', base64: Buffer.from('png').toString('base64') },
    });
    expect(fetched).toEqual(['https://img.example/a.png at 93.184.216.34']);
  });

  it.each([
    ['http://img.example/a.png', 'only https'],
    ['https://127.0.0.1/a.png', 'not public'],
    ['https://[::1]/a.png', 'not public'],
    ['https://169.254.169.254/latest', 'not public'],
    ['https://2852039166/latest', 'not public'],
    ['https://[fd20:ce::254]/latest', 'not public'],
    ['https://[::ffff:a9fe:a9fe]/latest', 'not public'],
    ['https://168.63.129.16/machine', 'not public'],
    ['https://trap.example/latest', 'not public'],
    ['https://inside.example/a.png', 'not public'],
    ['https://mixed.example/a.png', 'not public'],
    ['https://nowhere.example/a.png', 'does not resolve'],
  ])('asks nobody for %s', async (url, why) => {
    const hosts = {
      'inside.example': ['10.0.0.7'],
      'mixed.example': ['93.184.216.34', '192.168.1.1'],
      'trap.example': ['64:ff9b::a9fe:a9fe'],
    };
    const { media, fetched, about } = arrange({ hosts });
    await expect(media.withBytes(asking(url), about())).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining(why),
    });
    expect(fetched).toEqual([]);
  });

  it('follows a redirect to the outside and none to the inside', async () => {
    const moved = (location: string) => ({ ...missing, status: 302, location });
    const { media, fetched, about } = arrange({
      answers: {
        'https://img.example/old': moved('/new'),
        'https://img.example/new': png,
        'https://img.example/trap': moved('https://127.0.0.1/secret'),
      },
    });
    const ready = await media.withBytes(asking('https://img.example/old'), about());
    expect(ready.messages[0]?.content[0]).toMatchObject({ source: { kind: 'bytes' } });
    await expect(media.withBytes(asking('https://img.example/trap'), about())).rejects.toThrow('not public');
    expect(fetched.at(-1)).toBe('https://img.example/trap at 93.184.216.34');
  });

  it('fetches nothing for a request that may not leave, and names no query in an error', async () => {
    const { media, fetched, about } = arrange();
    const local = about({ isLocalOnly: true });
    await expect(media.withBytes(asking('https://img.example/a.png'), local)).rejects.toMatchObject({
      code: 'unsupported',
    });
    const failed = media.withBytes(asking('https://img.example/a.png?sig=secret'), about());
    await expect(failed).rejects.toMatchObject({ message: expect.not.stringContaining('secret') });
    expect(fetched).toHaveLength(1);
  });

  it('takes only images', async () => {
    const { media, about } = arrange({ answers: { 'https://img.example/page': { ...png, mediaType: 'text/html' } } });
    await expect(media.withBytes(asking('https://img.example/page'), about())).rejects.toThrow('not an image');
  });

  it('fetches an image that is named often once, also for the next candidate', async () => {
    const url = 'https://img.example/a.png';
    const { media, fetched, about } = arrange({ answers: { [url]: png } });
    const request = asking(url, url, url);
    const shared = about();
    const [first, second] = [await media.withBytes(request, shared), await media.withBytes(request, shared)];
    expect(fetched).toHaveLength(1);
    expect(first.messages[0]?.content).toHaveLength(3);
    expect(second).toEqual(first);
  });

  it('says which of several images it is about, and stops fetching the others', async () => {
    const { open, fetch } = holding();
    const { media, about } = arrange({
      fetch: async (asked) => {
        if (asked.url.pathname !== '/2.png') return fetch(asked);
        await settled();
        return missing;
      },
    });
    await expect(media.withBytes(asking(...many(4)), about())).rejects.toMatchObject({
      code: 'unsupported',
      status: 400,
      message: 'Image 3 of 4, at https://img.example/2.png, cannot be used: its server answered 404.',
    });
    expect([...open]).toEqual([]);
  });
});

describe('limits', () => {
  it('of URLs: nobody is asked for too many', async () => {
    const { media, fetched, about } = arrange({ limits: { images: 10 } });
    await expect(media.withBytes(asking(...many(11)), about())).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('11 images'),
    });
    expect(fetched).toEqual([]);
  });

  it('of fetches at once, for one request and for all', async () => {
    const { open, fetch } = holding();
    const { media, about, leaving } = arrange({ fetch, limits: { fetchesOfRequest: 3, fetches: 7 } });
    const asked = [1, 2, 3].map(() => media.withBytes(asking(...many(9)), about()));
    const counts: number[] = [];
    for (let turn = 0; turn < 5; turn++) {
      await settled();
      counts.push(open.size);
    }
    // All ask for the same paths, so those of one request are seen.
    expect(counts.at(-1)).toBe(3);
    leaving.abort();
    await Promise.allSettled(asked);
    expect(open.size).toBe(0);
  });

  it('of fetches for all: others wait for their turn', async () => {
    const waiting: (() => void)[] = [];
    const { media, fetched, about } = arrange({
      limits: { fetchesOfRequest: 4, fetches: 5 },
      fetch: () => new Promise((resolve) => waiting.push(() => resolve(png))),
    });
    const asked = [1, 2, 3].map(() => media.withBytes(asking(...many(4)), about()));
    await settled();
    expect(fetched).toHaveLength(5);
    for (let done = 0; done < 12; done++) {
      waiting.shift()?.();
      await settled();
    }
    expect(await Promise.all(asked)).toHaveLength(3);
    expect(fetched).toHaveLength(12);
  });

  const sized = (bytes: number): FetchPublic => {
    return async ({ onBytes }) => {
      for (let at = 0; at < bytes; at += 10) onBytes(10);
      return { ...png, body: Buffer.alloc(bytes) };
    };
  };

  it.each([
    ['of one image', { imageBytes: 99 }, many(1), 'larger than 99 bytes'],
    ['of a request', { requestBytes: 250 }, many(3), 'all images together are larger than 250 bytes'],
    ['of one that is named often', { requestBytes: 250 }, [...many(1), ...many(1), ...many(1)], 'all images together'],
  ])('of bytes, %s', async (_name, limits, urls, why) => {
    const { media, about } = arrange({ fetch: sized(100), limits });
    await expect(media.withBytes(asking(...urls), about())).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining(why),
    });
  });

  it('of bytes, of all requests: what is held is counted until the request is over', async () => {
    const { media, about, budget } = arrange({ fetch: sized(100), budgetBytes: 1_000 });
    const first = about();
    await media.withBytes(asking(...many(2)), first);
    expect(budget.held).toBe(800);
    await expect(media.withBytes(asking(...many(1)), about())).rejects.toMatchObject({
      code: 'overloaded',
      status: 503,
      retryAfterMs: expect.any(Number),
    });
    first.memory.release();
    await media.withBytes(asking(...many(1)), about());
  });

  it('of time, for one image that never ends', async () => {
    const { open, fetch } = holding();
    const { media, about, clock } = arrange({ fetch });
    const failed = expect(media.withBytes(asking('https://img.example/drip.png'), about())).rejects.toMatchObject({
      code: 'unsupported',
      message: 'The image at https://img.example/drip.png cannot be used: it did not come within 30000 ms.',
    });
    await clock.advanceAsync(30_000);
    await failed;
    expect([open.size, clock.pending]).toEqual([0, []]);
  });

  it('of time, for a name whose look-up never ends', async () => {
    const clock = createFakeClock();
    const { about } = arrange();
    const media = new MediaFetcher({ clock, fetch: async () => png, lookUp: () => new Promise(() => undefined) });
    const failed = expect(media.withBytes(asking('https://slow.example/a.png'), about())).rejects.toThrow('30000 ms');
    await clock.advanceAsync(30_000);
    await failed;
  });

  it('of time, for all images, the wait for others included', async () => {
    const { fetch } = holding();
    const { media, about, clock } = arrange({ fetch, limits: { fetches: 1, imageMs: 90_000 } });
    const asked = [1, 2].map(() => media.withBytes(asking(...many(2)), about()));
    const failed = asked.map((one) => expect(one).rejects.toThrow('did not come within 60000 ms'));
    await clock.advanceAsync(60_000);
    await Promise.all(failed);
    expect(clock.pending).toEqual([]);
  });

  it('end with the client', async () => {
    const { open, fetch } = holding();
    const { media, about, clock, leaving } = arrange({ fetch });
    const failed = expect(media.withBytes(asking(...many(9)), about())).rejects.toMatchObject({
      code: 'client_closed',
    });
    await settled();
    leaving.abort();
    await failed;
    expect([open.size, clock.pending]).toEqual([0, []]);
  });
});
