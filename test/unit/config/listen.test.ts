import { describe, expect, it } from 'vitest';
import { isLoopbackHost, parseListen } from '../../../src/config/listen.ts';
import { loadText, problemsOf } from './load-text.ts';

describe('the listen address', () => {
  it.each([
    ['127.0.0.1:4356', { host: '127.0.0.1', port: 4356 }],
    ['[::1]:0', { host: '::1', port: 0 }],
    ['localhost:80', { host: 'localhost', port: 80 }],
  ])('%s is read', (text, address) => expect(parseListen(text)).toEqual(address));

  it.each(['', '4356', ':4356', 'localhost', '::1:80', '[nonsense]:80', 'a b:1', '127.0.0.1:65536', '127.0.0.1:x'])(
    '%j is refused',
    (text) => expect(parseListen(text)).toBeUndefined(),
  );

  it.each([
    ['', {}, '127.0.0.1:4356'],
    ['server: { listen: "127.0.0.1:1" }', {}, '127.0.0.1:1'],
    ['server: { port: 2 }', {}, '127.0.0.1:2'],
    ['server: { host: localhost }', {}, 'localhost:4356'],
    ['server: { host: "::1", port: 3 }', {}, '[::1]:3'],
    ['server: { host: "[::1]" }', {}, '[::1]:4356'],
    ['server: { listen: "127.0.0.1:1" }', { ROUTER_PORT: '9' }, '127.0.0.1:9'],
    ['server: { listen: "127.0.0.1:1" }', { ROUTER_HOST: 'localhost' }, 'localhost:1'],
    ['server:', { ROUTER_PORT: '9', ROUTER_HOST: '' }, '127.0.0.1:9'],
    ['', { ROUTER_HOST: '::1', ROUTER_PORT: '0' }, '[::1]:0'],
  ])('of %j with %j is %s', (text, environment, listen) => {
    expect(loadText(text, { environment }).config.server.listen).toBe(listen);
  });

  it('of a flag rules over everything', () => {
    const options = { listen: '127.0.0.1:0', environment: { ROUTER_PORT: '9' } };
    expect(loadText('server: { port: 1 }', options).config.server.listen).toBe('127.0.0.1:0');
  });

  it.each([
    ['--listen', { listen: '0.0.0.0:1' }, '--listen'],
    ['ROUTER_HOST', { environment: { ROUTER_HOST: '0.0.0.0' } }, 'ROUTER_HOST'],
  ])('of %s is held to the same rule about other machines', (_, options, place) => {
    const [problem] = problemsOf(() => loadText('', options));
    expect(problem).toMatch(new RegExp(`^${place} {2}other machines could use this router without a key`));
  });

  it('names the variable that is wrong', () => {
    expect(problemsOf(() => loadText('', { environment: { ROUTER_PORT: 'abc' } }))).toEqual([
      'ROUTER_PORT  this is not a port  write a number from 0 to 65535',
    ]);
  });

  it.each(['0.0.0.0', '192.168.1.4', 'box.local'])('%s wants a key or a word that it is meant', (host) => {
    expect(problemsOf(() => loadText(`server: { host: ${host} }`))).toHaveLength(1);
    expect(problemsOf(() => loadText(`server: { host: ${host}, insecure: true }`))).toEqual([]);
    expect(problemsOf(() => loadText(`server: { host: ${host} }\nauth: { keys: [{ name: a, key: b }] }`))).toEqual([]);
  });

  it('knows loopback', () => {
    expect(['127.0.0.1', '127.1.2.3', '::1', 'LOCALHOST'].every(isLoopbackHost)).toBe(true);
    expect(['0.0.0.0', '::', '128.0.0.1', '127.evil.example'].some(isLoopbackHost)).toBe(false);
  });
});
