import { expect, it } from 'vitest';
import type { Endpoint } from '../../../src/core/model.ts';
import { Secret } from '../../../src/core/secret.ts';
import { endpointSecrets, sentSecrets } from '../../../src/transport/auth/sent-secrets.ts';

function endpoint(headers: Readonly<Record<string, string>> = {}, key?: string): Endpoint {
  return { credential: key === undefined ? undefined : new Secret(key), headers } as Endpoint;
}

it.each([
  ['the credential', endpoint({}, 'no-known-form-1'), 'no-known-form-1'],
  ['a header', endpoint({ 'x-team': 'blue-team-pass' }), 'blue-team-pass'],
  ['what a scheme introduces', endpoint({ authorization: 'Token zz9-plural-z' }), 'zz9-plural-z'],
  ['the pair of Basic', endpoint({ authorization: `Basic ${btoa('ann:pa55word9')}` }), 'ann:pa55word9'],
  ['the password of Basic', endpoint({ authorization: `Basic ${btoa('ann:pa55word9')}` }), 'pa55word9'],
  ['a part of a header', endpoint({ cookie2: 'id=a1b2c3d4e5f6; theme=dark' }), 'a1b2c3d4e5f6'],
  ['a credential within a URL', endpoint({ 'x-hook': 'https://u:s3cretpass0@h.example/' }), 's3cretpass0'],
])('%s is secret', (_name, from, text) => {
  expect(endpointSecrets(from).redact(`got ${text}!`)).toBe('got ***!');
});

it.each([
  ['content-type', 'application/json'],
  ['user-agent', 'router/1.0.0 (x)'],
  ['anthropic-beta', 'tools-2024-05-16'],
  ['http-referer', 'https://my.example/app'],
  ['x-hook', 'https://hooks.example/path'],
])('%s is not', (name, value) => {
  expect(endpointSecrets(endpoint({ [name]: value })).redact(`got ${value}!`)).toBe(`got ${value}!`);
});

it('what was made for a request is secret: a signature with its key, session and token', () => {
  const signature = 'a'.repeat(8) + '0123456789abcdef'.repeat(3);
  const made = [
    'authorization',
    `AWS4-HMAC-SHA256 Credential=ASIAEXAMPLEKEYID/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=content-type;host, Signature=${signature}`,
    'x-amz-security-token',
    'FwoGZXIvYXdzEXAMPLESESSION==',
    'x-amz-date',
    '20260101T000000Z',
  ];
  const secrets = sentSecrets(endpoint(), made);
  expect(secrets.redact('ASIAEXAMPLEKEYID FwoGZXIvYXdzEXAMPLESESSION== 20260101T000000Z content-type')).toBe(
    '*** *** 20260101T000000Z content-type',
  );
  expect(secrets.redact(`expected ${signature}`)).toBe('expected ***');
});
