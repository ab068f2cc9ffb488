import http from 'node:http';
import { describe, expect, it } from 'vitest';
import { closing, date, get, kept, type Serving, serve, type Visit } from './serving.ts';

const ok = 'HTTP/1.1 200 OK\r\n';
/** The end of a head that promises chunks: Node names them last. */
const chunked = kept.replace(/\r\n$/, 'Transfer-Encoding: chunked\r\n\r\n');

/** The answer to the first of two requests, and whether the second was answered too. */
async function ask(request: string, handle: (visit: Visit) => void) {
  const serving = await serve((visit) => (visit.target === '/after' ? visit.answer('after') : handle(visit)));
  const wire = serving.wire();
  await wire.write(request + get('/after', 'Connection: close'));
  const text = await wire.over();
  const after = `${ok}content-length: 5\r\n${closing}after`;
  return text.endsWith(after) ? { text: text.slice(0, -after.length), goesOn: true } : { text, goesOn: false };
}

async function answerTo(request: string, handle: (visit: Visit) => void): Promise<string> {
  const { text, goesOn } = await ask(request, handle);
  expect(goesOn).toBe(true);
  return text;
}

async function lastAnswerTo(request: string, handle: (visit: Visit) => void): Promise<string> {
  const { text, goesOn } = await ask(request, handle);
  expect(goesOn).toBe(false);
  return text;
}

const old = (...fields: readonly string[]) => get('/', ...fields).replace('HTTP/1.1', 'HTTP/1.0');
const head = get('/').replace('GET', 'HEAD');

function stream(...chunks: readonly (Buffer | string)[]) {
  return ({ reply }: Visit) => {
    reply.start(200, []);
    for (const chunk of chunks) reply.write(chunk);
    reply.end();
  };
}

describe('a whole answer', () => {
  it('tells its length in bytes, the date and that the connection is kept', async () => {
    const text = await answerTo(get('/'), ({ reply }) => reply.send(404, ['Content-Type', 'text/plain'], 'Grüße €'));
    const body = Buffer.from('Grüße €').toString('latin1');
    expect(text).toBe(`HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\ncontent-length: 11\r\n${kept}${body}`);
  });

  it('may say length and date itself', async () => {
    const text = await answerTo(get('/'), ({ reply }) =>
      reply.send(200, ['Date', 'today', 'Content-Length', '2'], Buffer.from('hi')),
    );
    expect(text).toBe(`${ok}Date: today\r\nContent-Length: 2\r\n${kept.replace(date, '')}hi`);
  });

  it('may be empty', async () => {
    const empty = `${ok}content-length: 0\r\n${kept}`;
    expect(await answerTo(get('/'), ({ reply }) => reply.send(200, [], ''))).toBe(empty);
    expect(await answerTo(get('/'), stream())).toBe(empty);
  });

  it.each([204, 304])('of status %i has neither body nor length', async (status) => {
    const text = await answerTo(get('/'), ({ reply }) => reply.send(status, ['a', 'b'], 'ignored'));
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} [A-Za-z ]+\r\na: b\r\n${kept}$`));
  });

  it('to HEAD tells the length and has no body', async () => {
    expect(await answerTo(head, ({ reply }) => reply.send(200, [], 'hello'))).toBe(`${ok}content-length: 5\r\n${kept}`);
    const declared = await answerTo(head, ({ reply }) => reply.send(200, ['content-length', '99'], ''));
    expect(declared).toBe(`${ok}content-length: 99\r\n${kept}`);
  });
});

describe('a stream', () => {
  it('goes out in chunks, of which Node makes one for what is written in one turn', async () => {
    const text = await answerTo(
      get('/'),
      stream('a', Buffer.from('\0\xff', 'latin1'), '', Buffer.alloc(0), '0123456789'),
    );
    expect(text).toBe(`${ok}${chunked}d\r\na\0\xff0123456789\r\n0\r\n\r\n`);
  });

  it('may end with a chunk', async () => {
    const text = await answerTo(get('/'), ({ reply }) => {
      reply.start(200, []);
      reply.write('€');
      reply.end('end');
    });
    expect(text).toBe(`${ok}${chunked}6\r\n\xe2\x82\xacend\r\n0\r\n\r\n`);
  });

  it('of nothing is one', async () => {
    expect(await answerTo(get('/'), stream(''))).toBe(`${ok}${chunked}0\r\n\r\n`);
  });

  it('of a declared length goes out as it is', async () => {
    const text = await answerTo(get('/'), ({ reply }) => {
      reply.start(200, ['Content-Length', '4']);
      reply.write('a');
      reply.write('€');
      reply.end();
    });
    expect(text).toBe(`${ok}Content-Length: 4\r\n${kept}a\xe2\x82\xac`);
  });

  it('to HEAD is its head', async () => {
    expect(await answerTo(head, stream('a', 'b'))).toBe(`${ok}${kept}`);
  });

  it.each(['Connection: keep-alive', 'Connection: x'])(
    'to HTTP/1.0 with %s ends with the connection',
    async (field) => {
      expect(await lastAnswerTo(old(field), stream('a', '', 'b'))).toBe(`${ok}${closing}ab`);
    },
  );

  it('sends its head with the first chunk', async () => {
    const serving = await serve(({ reply }) => reply.start(200, []));
    const wire = serving.wire();
    await wire.write(get('/'));
    const { reply } = await serving.visit();
    reply.write('first');
    await wire.until('first');
    expect([wire.pieces.length, wire.text]).toEqual([1, `${ok}${chunked}5\r\nfirst\r\n`]);
    reply.end();
    await wire.until('\r\n0\r\n\r\n');
    expect(wire.pieces).toHaveLength(2);
  });
});

describe('chunks of every kind arrive', () => {
  const long = 'x'.repeat(17_000);
  const rows: readonly [string, readonly (Buffer | string)[]][] = [
    ['text beyond ASCII', ['ä', '€', '😀', 'a']],
    ['bytes that are no text', [Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))]],
    ['half a surrogate pair', ['a\ud83d', '\ude00b']],
    ['text and bytes in turn', ['ä', Buffer.from('ö'), 'ü', Buffer.from([0xff])]],
    ['long text', [long, `${long}!`]],
    ['long text beyond ASCII', ['€'.repeat(17_000), long]],
    ['long bytes', [Buffer.alloc(17_000, 0xfe), 'ä', Buffer.alloc(200_000, 0xfd)]],
    [
      'around where they are no longer copied',
      [16_383, 16_384, 16_385].flatMap((size) => ['x'.repeat(size), Buffer.alloc(size, 0xff)]),
    ],
    ['around what chunk sizes are written with', [15, 16, 17, 255, 256, 4_095, 4_096].map((size) => 'x'.repeat(size))],
  ];

  it.each(rows)('%s', async (_name, chunks) => {
    const expected = Buffer.concat(chunks.map((chunk) => Buffer.from(chunk)));
    const { port } = await serve(({ request, reply }) => {
      reply.start(200, request.head.target === '/sized' ? ['content-length', String(expected.length)] : []);
      for (const chunk of chunks.slice(0, -1)) reply.write(chunk);
      reply.end(chunks.at(-1));
    });
    for (const path of ['/', '/sized']) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      expect(Buffer.from(await answer.arrayBuffer()).equals(expected)).toBe(true);
    }
  });
});

describe('a length that was promised and not kept', () => {
  it.each([
    ['too short', 'abc'],
    ['too long', 'abcdefgh'],
  ])('ends the connection when the body is %s', async (_name, body) => {
    const text = await lastAnswerTo(get('/'), ({ reply }) => reply.send(200, ['content-length', '5'], body));
    expect(text).toBe(`${ok}content-length: 5\r\n${kept}${body}`);
  });

  it('ends it when it is no number', async () => {
    expect(await lastAnswerTo(get('/'), ({ reply }) => reply.send(200, ['content-length', 'x'], 'a'))).not.toContain(
      'after',
    );
  });
});

describe('a reply', () => {
  it('begins once and says nothing before it begins', async () => {
    const text = await answerTo(get('/'), ({ reply }) => {
      expect([reply.write('lost'), reply.isStarted, reply.isSaid]).toEqual([true, false, false]);
      reply.end('lost');
      reply.start(201, []);
      expect(reply.isStarted).toBe(true);
      reply.start(500, ['a', 'b']);
      reply.end('x');
      reply.end('lost');
      reply.write('lost');
      reply.send(500, [], 'lost');
    });
    expect(text).toBe(`HTTP/1.1 201 Created\r\ncontent-length: 1\r\n${kept}x`);
  });

  it('that would split its head is still to come', async () => {
    const text = await answerTo(get('/'), ({ reply }) => {
      expect(() => reply.send(200, ['a', 'b\r\nc: d'], 'x')).toThrow('cannot be sent');
      expect(reply.isStarted).toBe(false);
      reply.send(500, [], 'y');
    });
    expect(text).toBe(`HTTP/1.1 500 Internal Server Error\r\ncontent-length: 1\r\n${kept}y`);
  });

  it('is cut by abort', async () => {
    const serving = await serve(({ reply }) => {
      reply.start(200, []);
      reply.write('a');
    });
    const wire = serving.wire();
    await wire.write(get('/'));
    await wire.until('1\r\na\r\n');
    const visit = await serving.visit();
    visit.reply.abort();
    expect(await wire.over()).not.toContain('\r\n0\r\n\r\n');
    await visit.until('left');
    visit.reply.abort();
    expect([visit.reply.write('b'), visit.reply.isOver]).toEqual([true, true]);
  });

  it('that has been said goes out, whatever happens to its sayer then', async () => {
    const serving = await serve(({ reply }) => {
      reply.send(200, [], 'said');
      reply.abort();
    });
    const wire = serving.wire();
    await wire.write(get('/'));
    await wire.until('said');
    expect((await (await serving.visit()).until('whole')).told).toEqual(['whole']);
  });

  it.each([
    ['abort', ({ visits }: Serving) => visits[0]?.reply.abort()],
    ['the end of the server', ({ server }: Serving) => server.destroy()],
  ])('that ends with the connection and is cut by %s does not look whole', async (_name, cut) => {
    const serving = await serve(({ reply }) => {
      reply.start(200, []);
      reply.write('some');
    });
    const wire = serving.wire();
    await wire.write(old());
    await wire.until('some');
    cut(serving);
    await wire.over();
    expect(wire.socket.errored).toMatchObject({ code: 'ECONNRESET' });
  });

  it.each(['/whole', '/stream'])('is understood by node:http: %s', async (path) => {
    const { port } = await serve((visit) => (visit.target === '/whole' ? visit.answer('ab') : stream('a', 'b')(visit)));
    const agent = new http.Agent({ keepAlive: true });
    const fetchNext = () =>
      new Promise<[string, boolean]>((resolve, reject) => {
        const request = http.get({ port, host: '127.0.0.1', path, agent }, async (response) => {
          const body = await Array.fromAsync(response.setEncoding('utf8'));
          setImmediate(() => resolve([body.join(''), request.reusedSocket]));
        });
        request.on('error', reject);
      });
    expect([await fetchNext(), await fetchNext()]).toEqual([
      ['ab', false],
      ['ab', true],
    ]);
    agent.destroy();
  });
});
