import { describe, expect, it } from 'vitest';
import { type FetchPublic, MediaFetcher } from '../../../src/gateway/media.ts';
import type { CanonicalRequest } from '../../../src/protocols/canonical.ts';

const signal = new AbortController().signal;
const png = { status: 200, mediaType: 'image/png', location: undefined, body: Buffer.from('png') };

function asking(url: string): CanonicalRequest {
  return {
    model: 'm',
    messages: [{ role: 'user', content: [{ kind: 'image', source: { kind: 'url', url } }] }],
    tools: [],
    stream: false,
    includeUsage: false,
  };
}

/** Hosts by name; every fetch is remembered with the address it went to. */
function fetcher(hosts: Record<string, readonly string[]>, answers: Record<string, Awaited<ReturnType<FetchPublic>>>) {
  const fetched: string[] = [];
  const fetch: FetchPublic = async (url, address) => {
    fetched.push(`${url.href} at ${address}`);
    return answers[url.href] ?? { status: 404, mediaType: 'text/plain', location: undefined, body: Buffer.alloc(0) };
  };
  return { media: new MediaFetcher(fetch, async (host) => hosts[host] ?? []), fetched };
}

const open = { 'img.example': ['93.184.216.34'] };

describe('MediaFetcher', () => {
  it('turns an image named by URL into bytes, asked at the address that was checked', async () => {
    const { media, fetched } = fetcher(open, { 'https://img.example/a.png': png });
    const ready = await media.withBytes(asking('https://img.example/a.png'), false, signal);
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
      ...open,
      'inside.example': ['10.0.0.7'],
      'mixed.example': ['93.184.216.34', '192.168.1.1'],
      'trap.example': ['64:ff9b::a9fe:a9fe'],
    };
    const { media, fetched } = fetcher(hosts, {});
    await expect(media.withBytes(asking(url), false, signal)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining(why),
    });
    expect(fetched).toEqual([]);
  });

  it('follows a redirect to the outside and none to the inside', async () => {
    const moved = (location: string) => ({ status: 302, mediaType: '', location, body: Buffer.alloc(0) });
    const { media, fetched } = fetcher(open, {
      'https://img.example/old': moved('/new'),
      'https://img.example/new': png,
      'https://img.example/trap': moved('https://127.0.0.1/secret'),
    });
    const ready = await media.withBytes(asking('https://img.example/old'), false, signal);
    expect(ready.messages[0]?.content[0]).toMatchObject({ source: { kind: 'bytes' } });
    await expect(media.withBytes(asking('https://img.example/trap'), false, signal)).rejects.toThrow('not public');
    expect(fetched.at(-1)).toBe('https://img.example/trap at 93.184.216.34');
  });

  it('fetches nothing for a request that may not leave, and names no query in an error', async () => {
    const { media, fetched } = fetcher(open, {});
    await expect(media.withBytes(asking('https://img.example/a.png'), true, signal)).rejects.toMatchObject({
      code: 'unsupported',
    });
    const failed = media.withBytes(asking('https://img.example/a.png?sig=secret'), false, signal);
    await expect(failed).rejects.toMatchObject({ message: expect.not.stringContaining('secret') });
    expect(fetched).toHaveLength(1);
  });

  it('takes only images', async () => {
    const page = { ...png, mediaType: 'text/html' };
    const { media } = fetcher(open, { 'https://img.example/page': page });
    await expect(media.withBytes(asking('https://img.example/page'), false, signal)).rejects.toThrow('not an image');
  });
});
