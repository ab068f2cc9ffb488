import { expect, it } from 'vitest';
import { checkOrigin, originRulesOf } from '../../../src/access/origin.ts';
import { loadText } from '../config/load-text.ts';

/** Whether a request for this `Host` is taken. */
function takes(host: string, allowed: readonly string[], listenHost = '127.0.0.1'): boolean {
  const { config } = loadText(`server: { allowed_hosts: ${JSON.stringify(allowed)} }`);
  return checkOrigin({ host }, originRulesOf(config, listenHost)) === undefined;
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
