import { describe, expect, it } from 'vitest';
import { issuesOf, loadText, problemsOf } from './load-text.ts';

const bad = [
  ['192.168.1.300', 'this is not an IPv4 address'],
  ['1.2.3', 'this is an unusual spelling of 1.2.0.3'],
  ['0x7f000001', 'this is an unusual spelling of 127.0.0.1'],
  ['0177.0.0.1', 'this is an unusual spelling of 127.0.0.1'],
  ['host:80:90', 'this is not host or host:port'],
  [':80', 'the host is missing'],
  ['host:', 'this is not a port'],
  ['host:0', 'this is not a port'],
  ['host:70000', 'this is not a port'],
  ['host:http', 'this is not a port'],
  ['host:-1', 'this is not a port'],
  ['[fe80::1%eth0]', 'an address with a zone (%eth0) cannot be used'],
  ['fe80::1%eth0', 'an address with a zone (%eth0) cannot be used'],
  ['[::1', 'this is not host or host:port'],
  ['[gpu]:80', 'this is not an IPv6 address'],
  ['[fd00::1]80', 'this is not host or host:port'],
  ['fd00::1:2:3:4:5:6:7:8', 'this is not host or host:port'],
  ['   ', 'an empty text names no host'],
  ['two words', 'this is not the name of a host'],
  ['user@host', 'this is not the name of a host'],
  ['*', 'this is not the name of a host'],
  ['*.lan', 'this is not the name of a host'],
  ['a,b', 'this is not the name of a host'],
  ['http://gpu:8000/v1', 'this is a URL and not host or host:port'],
  ['gpu/v1', 'this is a URL and not host or host:port'],
  [`${'a'.repeat(63)}.`.repeat(5), 'this is not the name of a host'],
] as const;

const good = [
  'gpu-box',
  'gpu_box.lan:8000',
  '192.168.1.20',
  '192.168.1.20:8000',
  '[fd00::1]',
  '[fd00::1]:65535',
  'fd00::1',
  'bücher.lan:1',
  'host.:80',
  ' gpu-box ',
];

describe.each(['discovery: { hosts:', 'server: { allowed_hosts:'])('%s …', (setting) => {
  it.each(bad)('does not take %j', (host, message) => {
    const [issue, ...more] = issuesOf(() => loadText(`# first line\n${setting} [${JSON.stringify(host)}] }\n`));
    expect(more).toEqual([]);
    expect(issue).toMatchObject({ file: 'router.yaml', line: 2, message, hint: expect.any(String) });
  });

  it.each(good)('takes %j', (host) => {
    expect(problemsOf(() => loadText(`${setting} [${JSON.stringify(host)}] }\n`))).toEqual([]);
  });

  it('says nothing of a host that only another machine knows', () => {
    const load = () => loadText(`${setting} ["\${GPU}"] }`, { missingVariables: 'warn' });
    expect(problemsOf(load)).toEqual([]);
    expect(load().warnings).toHaveLength(1);
  });

  it('judges what a variable holds', () => {
    const load = () => loadText(`${setting} ["\${GPU}"] }`, { environment: { GPU: '10.0.0.256' } });
    expect(issuesOf(load)).toMatchObject([{ message: 'this is not an IPv4 address' }]);
  });
});

describe('discovery', () => {
  it.each(['169.254.169.254', '2852039166:80', '[fd00:ec2::254]', 'fd00:ec2::254', 'metadata.google.internal:80'])(
    'is not pointed at %s, which hands out credentials',
    (host) => {
      const issues = issuesOf(() => loadText(`discovery: { hosts: ["${host}"] }`));
      expect(issues).toMatchObject([{ message: expect.stringContaining('metadata address') }]);
    },
  );

  it.each(['0', '0s', '5ms', '0.001'])('does not look every %s', (interval) => {
    expect(problemsOf(() => loadText(`discovery:\n  interval: ${interval}\n`))).toEqual([
      'router.yaml:2:13  this must be at least 10ms  write 10s, or discovery.enabled: false to look for nothing',
    ]);
  });
});

describe('a base URL', () => {
  it.each([
    'http://192.168.1.300',
    'http://host:80:90/v1',
    'http://[fe80::1%25eth0]',
    'http://[fe80::1%eth0]',
    'http://host:0/v1',
    'http://host:70000/v1',
    'http://a b/v1',
    'http://host/a b',
    'http://host/modèle',
    'http://host/v1?',
    'http://host/v1#',
    'http://@host/v1',
    'http://*.lan/v1',
    'http:/host/v1',
    'host:8000',
  ])('is not %j', (base) => {
    const text = `providers:\n  a: { api_base: ${JSON.stringify(base)} }\n`;
    expect(issuesOf(() => loadText(text))).toMatchObject([{ line: 2, hint: expect.any(String) }]);
    const model = `providers:\n  a: { api_base: "http://b", models: [{ id: m, base_url: ${JSON.stringify(base)} }] }\n`;
    expect(issuesOf(() => loadText(model))).toMatchObject([{ line: 2, hint: expect.any(String) }]);
  });

  it.each(['http://bücher.lan/v1', 'HTTP://HOST:80', 'http://host./v1', 'https://[fd00::1]:8443/openai/v1'])(
    'may be %j',
    (base) => expect(problemsOf(() => loadText(`providers: { a: { api_base: "${base}" } }`))).toEqual([]),
  );
});

describe('the address to listen on', () => {
  it.each(['192.168.1.300:80', '127.0.0.300:80', '127.1:80', '*:80', 'user@host:80'])('is not %s', (listen) => {
    const issues = issuesOf(() => loadText(`server: { listen: "${listen}", insecure: true }`));
    expect(issues).toMatchObject([{ message: 'this is not an address to listen on' }]);
  });
});
