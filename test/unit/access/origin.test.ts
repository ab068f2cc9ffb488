import { describe, expect, it } from 'vitest';
import { checkOrigin, originRulesOf } from '../../../src/access/origin.ts';
import { loadText } from '../config/load-text.ts';

/** Whether a request for this `Host` is taken. */
function takes(host: string, allowed: readonly string[], listenHost = '127.0.0.1'): boolean {
  const { config } = loadText(`server: { allowed_hosts: ${JSON.stringify(allowed)} }`);
  return checkOrigin({ headers: { host }, isFromHere: () => true }, originRulesOf(config, listenHost)) === undefined;
}

it.each([
  ['gpu.lan', 'GPU.lan'],
  ['gpu.lan', 'gpu.lan:4356'],
  ['gpu.lan:4356', 'gpu.lan:4356'],
  [' gpu.lan ', 'gpu.lan'],
  ['bücher.lan', 'xn--bcher-kva.lan:80'],
  ['fd00::0:1', '[fd00::1]:4356'],
  ['[FD00::1]', '[fd00::1]'],
  ['[fd00::1]:4356', '[fd00::1]:4356'],
])('the host %j of the file lets in %j', (allowed, host) => expect(takes(host, [allowed])).toBe(true));

it.each([
  ['gpu.lan:4356', 'gpu.lan:80'],
  ['gpu.lan', 'evil.gpu.lan'],
  ['gpu.lan', 'gpu.lan.evil.example'],
  ['gpu.lan', 'gpu.lan@evil.example'],
])('the host %j of the file does not let in %j', (allowed, host) => expect(takes(host, [allowed])).toBe(false));

it('an address of IPv6 that is listened on may be asked for', () => {
  expect(takes('[fd00::1]:4356', [], 'fd00::1')).toBe(true);
  expect(takes('[fd00::2]:4356', [], 'fd00::1')).toBe(false);
});

describe('from another machine', () => {
  const { config } = loadText('server: { listen: "0.0.0.0:1", insecure: true, allowed_hosts: [gpu.lan] }');
  const rules = originRulesOf(config, '0.0.0.0');
  const isTaken = (headers: Readonly<Record<string, string>>, isHere = false) =>
    checkOrigin({ headers, isFromHere: () => isHere }, rules) === undefined;

  it.each(['localhost', 'localhost:1', '127.0.0.1', '127.9.9.9:80', '[::1]', '[::ffff:7f00:1]'])(
    'the host %s opens nothing, also after a program of this machine has asked for it',
    (host) => {
      isTaken({ host }, true);
      expect(isTaken({ host })).toBe(false);
    },
  );

  it('the names of the file and the address that is listened on do', () => {
    expect([isTaken({ host: 'gpu.lan' }), isTaken({ host: '0.0.0.0:1' })]).toEqual([true, true]);
    expect(isTaken({ host: 'localhost:1' }, true)).toBe(true);
  });

  it("a page of that machine's own is a foreign page", () => {
    const headers = { host: 'gpu.lan', origin: 'http://localhost:3000' };
    expect([isTaken(headers), isTaken(headers, true)]).toEqual([false, true]);
  });

  it('is told that the name can be listed, and not to say localhost', () => {
    const refused = checkOrigin({ headers: { host: 'localhost' }, isFromHere: () => false }, rules);
    expect(refused?.hint).toBe('add the name to server.allowed_hosts');
  });
});
