import type { LookupAddress } from 'node:dns';
import { describe, expect, it } from 'vitest';
import type { GatewayError } from '../../../src/core/errors.ts';
import { type Guard, guardedLookup, requireAllowedHost } from '../../../src/transport/guard.ts';

const addresses: Readonly<Record<string, readonly string[]>> = {
  'me.test': ['::1', '127.0.0.1'],
  'lan.test': ['192.168.1.20', 'fd12::1'],
  'mixed.test': ['192.168.1.20', '8.8.4.4'],
  'web.test': ['8.8.4.4'],
  'trap.test': ['8.8.4.4', '64:ff9b::a9fe:a9fe'],
  'empty.test': [],
};
const lookUp = async (host: string) => {
  const found = addresses[host];
  if (found === undefined) throw Object.assign(new Error(`no ${host}`), { code: 'ENOTFOUND' });
  return found;
};

/** As Node asks it. */
function lookedUp(host: string, guard: Partial<Guard> = {}, options: { all?: boolean; family?: number } = {}) {
  return new Promise<{ code: string | undefined; found: string | LookupAddress[] }>((resolve) => {
    guardedLookup({ who: 'box', lookUp, ...guard })(host, { all: true, ...options }, (error, found) =>
      resolve({ code: error === null ? undefined : error.code, found }),
    );
  });
}

describe('a guarded look-up', () => {
  it('gives the addresses that it judged, all or the first, of the family that is asked for', async () => {
    expect(await lookedUp('me.test')).toEqual({
      code: undefined,
      found: [
        { address: '::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
      ],
    });
    expect((await lookedUp('me.test', {}, { all: false })).found).toBe('::1');
    expect((await lookedUp('me.test', {}, { all: false, family: 4 })).found).toBe('127.0.0.1');
    expect((await lookedUp('web.test', {}, { family: 6 })).code).toBe('ENOTFOUND');
  });

  it.each([
    ['me.test', 'machine', undefined],
    ['lan.test', 'machine', 'not_local'],
    ['lan.test', 'network', undefined],
    ['mixed.test', 'network', 'not_local'],
    ['web.test', 'network', 'not_local'],
    ['web.test', 'internet', undefined],
    ['trap.test', 'internet', 'upstream_connect'],
    ['metadata.google.internal', 'internet', 'upstream_connect'],
    ['gone.test', 'network', 'ENOTFOUND'],
    ['empty.test', 'network', 'ENOTFOUND'],
  ] as const)('of %s within the %s ends in %s', async (host, limit, code) => {
    expect((await lookedUp(host, { limit })).code).toBe(code);
  });
});

describe('a host that is written down', () => {
  it.each([
    ['127.0.0.1', 'machine'],
    ['[::1]', 'machine'],
    ['192.168.1.20', 'network'],
    ['8.8.4.4', 'internet'],
    // Only looking it up tells.
    ['web.test', 'machine'],
  ] as const)('%s may be connected to within the %s', (host, limit) => {
    expect(() => requireAllowedHost({ who: 'box', limit }, host)).not.toThrow();
  });

  it.each([
    ['192.168.1.20', 'machine', 'not_local'],
    ['134744072', 'network', 'not_local'],
    ['[::ffff:8.8.4.4]', 'network', 'not_local'],
    ['2852039166', 'internet', 'upstream_connect'],
    ['[fd20:ce::254]', 'network', 'upstream_connect'],
    ['metadata.google.internal.', 'internet', 'upstream_connect'],
  ] as const)('%s may not within the %s', (host, limit, code) => {
    try {
      requireAllowedHost({ who: 'box', limit }, host);
    } catch (thrown) {
      expect((thrown as GatewayError).code).toBe(code);
      return;
    }
    expect.unreachable();
  });
});
