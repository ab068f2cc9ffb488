import { expect, it } from 'vitest';
import {
  isLoopbackHost,
  isMetadataHost,
  isPrivateAddress,
  isPrivateName,
  isPublicAddress,
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

it.each(['8.8.8.8', '172.32.0.1', '192.169.0.1', '100.128.0.1', '2606:4700::1111'])('%s is public', (address) => {
  expect([isPrivateAddress(address), isPublicAddress(address)]).toEqual([false, true]);
});

it.each([
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
  '203.0.113.9',
  '::',
  'ff02::1',
  '64:ff9b::a9fe:a9fe',
  'example.org',
])('%s is neither private nor public', (address) => {
  expect([isPrivateAddress(address), isPublicAddress(address)]).toEqual([false, false]);
});

it.each([
  '169.254.169.254',
  '[::ffff:169.254.169.254]',
  '[::ffff:a9fe:a9fe]',
  'fd00:ec2::254',
  '169.254.170.2',
  '100.100.100.200',
  'metadata.google.internal',
  'METADATA.GOOGLE.INTERNAL.',
])('%s hands out credentials', (host) => {
  expect(isMetadataHost(host)).toBe(true);
});

it('knows the metadata address in every way a URL may write it', () => {
  const hosts = [
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://0251.0376.0251.0376/',
    'http://[::ffff:169.254.169.254]/',
  ];
  expect(hosts.map((url) => isMetadataHost(new URL(url).hostname))).toEqual([true, true, true, true]);
});

it('takes names without a dot and of the usual private endings for private', () => {
  expect(['gpu-box', 'nas.local', 'a.lan', 'x.home.arpa', 'b.internal'].every(isPrivateName)).toBe(true);
  expect(['example.org', 'local.example', '10.0.0.1'].some(isPrivateName)).toBe(false);
});
