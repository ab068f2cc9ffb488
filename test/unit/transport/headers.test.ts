import { describe, expect, it } from 'vitest';
import { forwardedRequestHeaders, forwardedResponseHeaders } from '../../../src/transport/headers.ts';

function pairs(list: readonly string[]): readonly (readonly [string, string])[] {
  return list.flatMap((name, at) => (at % 2 === 0 ? [[name, list[at + 1] ?? ''] as const] : []));
}

describe('towards the upstream', () => {
  const send = (raw: readonly string[], overrides = {}, protocol = 'chat_completions') =>
    pairs(forwardedRequestHeaders(raw, protocol, overrides));

  it('keeps end-to-end fields in the case and order they came', () => {
    expect(send(['X-B', '1', 'x-a', '2', 'X-B', '3'])).toEqual([
      ['X-B', '1'],
      ['x-a', '2'],
      ['X-B', '3'],
    ]);
  });

  it.each([
    'Authorization',
    'X-API-Key',
    'Cookie',
    'Origin',
    'Referer',
    'Sec-Fetch-Site',
    'Forwarded',
    'X-Forwarded-Proto',
    'Accept-Encoding',
    'Host',
    'Content-Length',
    'TE',
    'Upgrade',
    'Proxy-Authorization',
    'X-Router-Local-Only',
    'X-Prism-Trace',
    'x-agentcc-user',
  ])('drops %s', (name) => {
    expect(send([name, 'x'])).toEqual([]);
  });

  it('drops what Connection names', () => {
    expect(send(['Connection', 'close, X-Hop', 'X-Hop', '1', 'X-End', '2'])).toEqual([['X-End', '2']]);
    const twice = ['Connection', 'keep-alive', 'CONNECTION', 'X-One', 'connection', ' x-two ,,X-ONE'];
    expect(send([...twice, 'x-one', '1', 'X-Two', '2', 'X-End', '3'])).toEqual([['X-End', '3']]);
  });

  it('lets our own fields win, in whatever case the client wrote its', () => {
    expect(send(['X-TENANT', 'theirs'], { 'x-tenant': 'ours' })).toEqual([['x-tenant', 'ours']]);
  });

  it('gives a protocol’s own fields to that protocol only', () => {
    const raw = ['anthropic-beta', 'x', 'x-goog-user-project', 'y'];
    expect(send(raw)).toEqual([]);
    expect(send(raw, {}, 'messages')).toEqual([['anthropic-beta', 'x']]);
    expect(send(raw, {}, 'generate_content')).toEqual([['x-goog-user-project', 'y']]);
  });
});

describe('towards the client', () => {
  it('keeps the upstream’s own and drops what is of its connection or its site', () => {
    const list = forwardedResponseHeaders({
      connection: 'keep-alive',
      'content-type': 'application/json',
      'x-ratelimit-remaining': '5',
      warning: ['a', 'b'],
      'transfer-encoding': 'chunked',
      'set-cookie': ['a=b'],
      server: 'x',
      'access-control-allow-origin': '*',
      'x-router-provider': 'a lie',
      authorization: 'Bearer an echo',
      'x-api-key': 'an echo',
      'retry-after': undefined,
    });
    expect(pairs(list)).toEqual([
      ['content-type', 'application/json'],
      ['x-ratelimit-remaining', '5'],
      ['warning', 'a'],
      ['warning', 'b'],
    ]);
  });

  it.each([['close, X-Hop'], ['x-hop'], [['keep-alive', ' X-HOP ,x-other']]])(
    'drops what a Connection of %j names',
    (connection) => {
      const list = forwardedResponseHeaders({ 'x-hop': '1', 'x-end': ['2', '3'], connection });
      expect(pairs(list)).toEqual([
        ['x-end', '2'],
        ['x-end', '3'],
      ]);
    },
  );
});
