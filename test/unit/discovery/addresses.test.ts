import { describe, expect, it } from 'vitest';
import { originsOf, parseHostPort, parseOllamaHost, portOf } from '../../../src/discovery/addresses.ts';

describe('OLLAMA_HOST', () => {
  const cases = [
    ['127.0.0.1', 'http', '127.0.0.1', 11434, ''],
    ['  "0.0.0.0:9999" ', 'http', '0.0.0.0', 9999, ''],
    ["'127.0.0.1:1'", 'http', '127.0.0.1', 1, ''],
    [':8888', 'http', '', 8888, ''],
    ['example', 'http', 'example', 11434, ''],
    ['http://example', 'http', 'example', 80, ''],
    ['https://example', 'https', 'example', 443, ''],
    ['https://example:9/ollama/', 'https', 'example', 9, '/ollama'],
    ['example:99999', 'http', 'example', 11434, ''],
    ['example:abc', 'http', 'example', 11434, ''],
    ['example:', 'http', 'example', 11434, ''],
    ['http://example:-1', 'http', 'example', 80, ''],
    ['[::1]', 'http', '::1', 11434, ''],
    ['::1', 'http', '::1', 11434, ''],
    ['[::1]:5555', 'http', '::1', 5555, ''],
    ['[::]:5555', 'http', '::', 5555, ''],
    ['', 'http', '127.0.0.1', 11434, ''],
  ] as const;

  it.each(cases)('reads %j', (text, scheme, host, port, prefix) => {
    expect(parseOllamaHost(text)).toEqual({ scheme, host, port, prefix });
  });
});

describe('host and port', () => {
  it('takes literals of both families, names and bare ports', () => {
    expect(parseHostPort('gpu-box')).toEqual({ host: 'gpu-box', port: undefined });
    expect(parseHostPort('192.168.1.20:8000')).toEqual({ host: '192.168.1.20', port: 8000 });
    expect(parseHostPort('[fd00::1]:8000')).toEqual({ host: 'fd00::1', port: 8000 });
    expect(parseHostPort('fd00::1')).toEqual({ host: 'fd00::1', port: undefined });
    expect(parseHostPort('http://gpu-box:8000/v1')).toEqual({ host: 'gpu-box', port: 8000 });
    expect(parseHostPort(':8000')).toEqual({ host: '', port: 8000 });
  });

  it('takes nothing that is no address', () => {
    for (const text of ['', 'gpu box', 'host:port', 'host:70000', 'user@host:1']) {
      expect(parseHostPort(text), text).toBeUndefined();
    }
    expect(portOf('0')).toBeUndefined();
    expect(portOf('65536')).toBeUndefined();
  });

  it('never means the name localhost, but IPv4 and then IPv6 loopback', () => {
    const both = ['http://127.0.0.1:8080', 'http://[::1]:8080'];
    for (const host of ['localhost', '', '0.0.0.0', '::']) expect(originsOf(host, 8080), host).toEqual(both);
    expect(originsOf('127.0.0.1', 8080)).toEqual(['http://127.0.0.1:8080']);
    expect(originsOf('::1', 8080)).toEqual(['http://[::1]:8080']);
  });
});
