import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import type { Endpoint } from '../../../src/core/model.ts';
import { isReset, networkError } from '../../../src/transport/network-error.ts';

const endpoint = { providerId: 'ollama', baseUrl: 'http://127.0.0.1:11434/v1' } as Endpoint;

function coded(code: string | undefined, more: object = {}): Error {
  return Object.assign(new Error(`text of ${code}`), { code, ...more });
}

/** undici's own errors for what is no HTTP come without a code. */
const notHttp = coded(undefined, { name: 'HTTPParserError' });

describe('before an answer', () => {
  it.each([
    ['refused', coded('ECONNREFUSED'), 'upstream_connect', 'ollama refused the connection.'],
    ['no such host', coded('ENOTFOUND'), 'upstream_connect', 'ollama has a host name that does not resolve.'],
    ['reset', coded('ECONNRESET'), 'upstream_connect', 'ollama closed the connection before answering.'],
    ['closed', coded('UND_ERR_SOCKET'), 'upstream_connect', 'ollama closed the connection before answering.'],
    ['slow', coded('UND_ERR_CONNECT_TIMEOUT'), 'upstream_connect', 'ollama did not accept the connection in time.'],
    ['untrusted', coded('SELF_SIGNED_CERT_IN_CHAIN'), 'upstream_connect', expect.stringContaining('not trusted')],
    ['no HTTP', notHttp, 'upstream_invalid', 'ollama does not speak HTTP.'],
    ['unheard of', coded('EWHATEVER'), 'upstream_connect', 'ollama could not be reached.'],
  ])('%s', (_name, thrown, code, message) => {
    expect(networkError(thrown, endpoint, false)).toMatchObject({ code, message, cause: thrown });
  });

  it('looks inside errors that wrap the one that tells', () => {
    const wrapped = coded('UND_ERR_SOCKET', { cause: coded('ECONNREFUSED') });
    const several = new AggregateError([coded('ECONNREFUSED'), coded('ENETUNREACH')]);
    for (const thrown of [wrapped, several]) {
      expect(networkError(thrown, endpoint, false).message).toBe('ollama refused the connection.');
    }
  });
});

describe('within an answer', () => {
  it.each([
    ['reset', coded('ECONNRESET'), 'upstream_failed'],
    ['too short', coded('UND_ERR_RES_CONTENT_LENGTH_MISMATCH'), 'upstream_invalid'],
    ['broken chunks', notHttp, 'upstream_invalid'],
  ])('%s', (_name, thrown, code) => {
    expect(networkError(thrown, endpoint, true).code).toBe(code);
  });
});

describe('tells whether the request may have arrived', () => {
  it.each([
    ['refused', coded('ECONNREFUSED', { syscall: 'connect' }), false],
    ['no route', coded('EHOSTUNREACH', { syscall: 'connect' }), false],
    ['no connection in time', coded('ETIMEDOUT'), false],
    ['reset while connecting', coded('ECONNRESET', { syscall: 'connect' }), false],
    [
      'closed within the handshake',
      coded('ECONNRESET', {
        message: 'Client network socket disconnected before secure TLS connection was established',
      }),
      false,
    ],
    ['reset', coded('ECONNRESET', { syscall: 'read' }), true],
    ['closed', coded('UND_ERR_SOCKET'), true],
    ['a closed pipe', coded('EPIPE', { syscall: 'write' }), true],
    ['no sign of life from a machine that is gone', coded('ETIMEDOUT', { syscall: 'read' }), true],
    ['wrapped', coded('UND_ERR_SOCKET', { cause: coded('ECONNREFUSED', { syscall: 'connect' }) }), false],
  ])('%s', (_name, thrown, mayHaveBegun) => {
    expect(networkError(thrown, endpoint, false)).toMatchObject({ code: 'upstream_connect', mayHaveBegun });
    expect(networkError(thrown, endpoint, true).mayHaveBegun).toBe(true);
  });
});

it('names the place for the log and not for the client', () => {
  const error = networkError(coded('ECONNREFUSED'), endpoint, false);
  expect(error.detail).toContain(endpoint.baseUrl);
  expect(error.message).not.toContain('127.0.0.1');
});

it('leaves our own errors as they are', () => {
  const own = new GatewayError('upstream_connect', 'a metadata address');
  expect(networkError(own, endpoint, false)).toBe(own);
});

it('takes only a closed connection for a reset', () => {
  expect([coded('ECONNRESET'), coded('EPIPE'), coded('UND_ERR_SOCKET')].every(isReset)).toBe(true);
  expect([coded('ECONNREFUSED'), notHttp, undefined].some(isReset)).toBe(false);
});
