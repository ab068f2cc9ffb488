import { expect, it } from 'vitest';
import {
  isLoopbackHost,
  isMetadataHost,
  isPrivateAddress,
  isPrivateName,
  isPublicAddress,
  isWithin,
  reachOf,
} from '../../../src/transport/address.ts';

it.each([
  '127.0.0.1',
  '127.8.9.10',
  '::1',
  '[::1]',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  'localhost',
  'LOCALHOST.',
  'a.localhost',
])('%s is this machine', (host) => {
  expect(isLoopbackHost(host)).toBe(true);
});

it.each(['128.0.0.1', '::2', '0.0.0.0', 'localhost.example', 'mylocalhost', '127.0.0.1.example', ''])(
  '%s is not this machine',
  (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  },
);

it.each([
  '10.1.2.3',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '100.64.0.1',
  'fd12::1',
  'fe80::1',
  '::1',
  '::ffff:10.0.0.1',
])('%s is private', (address) => {
  expect([isPrivateAddress(address), isPublicAddress(address)]).toEqual([true, false]);
});

it.each(['8.8.8.8', '172.32.0.1', '192.169.0.1', '100.128.0.1', '2606:4700::1111', '64:ff9b::808:808'])(
  '%s is public',
  (address) => {
    expect([isPrivateAddress(address), isPublicAddress(address)]).toEqual([false, true]);
  },
);

it.each([
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
  '203.0.113.9',
  '::',
  'ff02::1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b::10.0.0.1',
  '2002:a00:1::',
  '2001:0:808:808::1',
  'fec0::1',
  '::8.8.8.8',
  '168.63.129.16',
  'example.org',
])('%s is neither private nor public', (address) => {
  expect([isPrivateAddress(address), isPublicAddress(address)]).toEqual([false, false]);
});

it.each([
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
  '169.254.42.42',
  '169.254.0.23',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
  '[FD20:CE:0:0::254]',
  'fd00:c1::a9fe:a9fe',
  'fd00:42::42',
  'fd00:a9fe:a9fe::1',
  'fe80::a9fe:a9fe%eth0',
  'metadata.google.internal',
  'METADATA.GOOGLE.INTERNAL.',
])('%s hands out credentials', (host) => {
  expect(isMetadataHost(host)).toBe(true);
});

it.each([
  '2852039166',
  '0xa9fea9fe',
  '0XA9FEA9FE',
  '025177524776',
  '0251.0376.0251.0376',
  '0xa9.0xfe.0xa9.0xfe',
  '0251.254.0xa9.254',
  '169.254.43518',
  '169.16689662',
  '169.254.169.254.',
  '2852039166.',
  '１６９.２５４.１６９.２５４',
  '169。254。169。254',
  '%31%36%39.254.169.254',
  '::ffff:169.254.169.254',
  '[::ffff:a9fe:a9fe]',
  '0:0:0:0:0:ffff:169.254.169.254',
  '::169.254.169.254',
  '::ffff:0:169.254.169.254',
  '64:ff9b::169.254.169.254',
  '64:ff9b:1::169.254.169.254',
  '64:ff9b:1:a9fe:a9:fe00::',
  '2002:a9fe:a9fe::1',
  '2001:0:a9fe:a9fe::1',
  '2001:0:808:808::5601:5601',
  'fe80::5efe:169.254.169.254',
  '2001:db8::200:5efe:a9fe:a9fe',
])('%s is another spelling of the metadata address', (host) => {
  expect([isMetadataHost(host), isPublicAddress(host), reachOf(host)]).toEqual([true, false, 'internet']);
});

it.each(['169.254.169.253', '169.254.1.1', '2852039165', '192.168.1.20', 'fd12::1', '64:ff9b::808:808', 'a.metadata'])(
  '%s hands out nothing',
  (host) => {
    expect(isMetadataHost(host)).toBe(false);
  },
);

it('knows the metadata address in every way a URL may write it', () => {
  const hosts = [
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://0251.0376.0251.0376/',
    'http://[::ffff:169.254.169.254]/',
  ];
  expect(hosts.map((url) => isMetadataHost(new URL(url).hostname))).toEqual([true, true, true, true]);
});

it.each([
  ['127.0.0.1', 'machine'],
  ['127.9.9.9', 'machine'],
  ['::1', 'machine'],
  ['::ffff:127.0.0.1', 'machine'],
  ['0.0.0.0', 'machine'],
  ['::', 'machine'],
  ['10.0.0.1', 'network'],
  ['172.31.0.1', 'network'],
  ['192.168.1.20', 'network'],
  ['100.64.0.1', 'network'],
  ['169.254.7.7', 'network'],
  ['fd7a:115c:a1e0::1', 'network'],
  ['fe80::1%eth0', 'network'],
  ['::ffff:c0a8:114', 'network'],
  ['8.8.4.4', 'internet'],
  ['::ffff:8.8.4.4', 'internet'],
  ['172.32.0.1', 'internet'],
  ['100.128.0.1', 'internet'],
  ['2606:4700::1111', 'internet'],
  ['64:ff9b::c0a8:114', 'internet'],
  ['2002:c0a8:114::1', 'internet'],
  ['::192.168.1.20', 'internet'],
  ['224.0.0.1', 'internet'],
  ['gpu-box', 'internet'],
])('a connection to %s goes as far as the %s', (address, reach) => {
  expect(reachOf(address)).toBe(reach);
});

it('orders how far connections go', () => {
  expect([isWithin('machine', 'network'), isWithin('network', 'network'), isWithin('internet', 'network')]).toEqual([
    true,
    true,
    false,
  ]);
});

it('takes names without a dot and of the usual private endings for private', () => {
  expect(['gpu-box', 'nas.local', 'a.lan', 'x.home.arpa', 'b.internal'].every(isPrivateName)).toBe(true);
  expect(['example.org', 'local.example', '10.0.0.1'].some(isPrivateName)).toBe(false);
});
