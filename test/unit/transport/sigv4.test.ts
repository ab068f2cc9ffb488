import { describe, expect, test } from 'vitest';
import { Secret } from '../../../src/core/secret.ts';
import { type AwsCredentials, authorizationOf, canonicalRequest } from '../../../src/transport/auth/sigv4.ts';

/** The key, scope and time of AWS's published test suite. */
const credentials: AwsCredentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: new Secret('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'),
};
const scope = { region: 'us-east-1', service: 'service', nowMs: Date.UTC(2015, 7, 30, 12, 36, 0) };
const headers = { host: 'example.amazonaws.com', 'x-amz-date': '20150830T123600Z' };
const root = 'https://example.amazonaws.com/';

interface Vector {
  readonly name: string;
  readonly method: string;
  readonly url: string;
  readonly more?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signature: string;
}

const unreserved = '-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const vectors: readonly Vector[] = [
  {
    name: 'get-vanilla',
    method: 'GET',
    url: root,
    signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  },
  {
    name: 'get-vanilla-query-order-key-case',
    method: 'GET',
    url: `${root}?Param2=value2&Param1=value1`,
    signature: 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  },
  {
    name: 'get-unreserved',
    method: 'GET',
    url: `${root}${unreserved}`,
    signature: '07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f',
  },
  {
    name: 'get-vanilla-utf8-query',
    method: 'GET',
    url: `${root}?ሴ=bar`,
    signature: '2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04',
  },
  {
    name: 'post-vanilla',
    method: 'POST',
    url: root,
    signature: '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  },
  {
    name: 'post-header-key-sort',
    method: 'POST',
    url: root,
    more: { 'my-header1': 'value1' },
    signature: 'c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c',
  },
  {
    name: 'get-header-value-trim',
    method: 'GET',
    url: root,
    more: { 'my-header1': ' value1', 'my-header2': ' "a   b   c"' },
    signature: 'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
  },
  {
    name: 'post-x-www-form-urlencoded',
    method: 'POST',
    url: root,
    more: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'Param1=value1',
    signature: 'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  },
  {
    name: 'post-sts-header-before',
    method: 'POST',
    url: root,
    more: {
      'x-amz-security-token':
        'AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==',
    },
    signature: '85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead',
  },
];

describe("AWS's test suite", () => {
  test.each(vectors)('$name', ({ method, url, more, body, signature }) => {
    const request = { method, url: new URL(url), headers: { ...headers, ...more }, body: body ?? '' };
    const names = Object.keys(request.headers).sort().join(';');
    expect(authorizationOf(request, scope, credentials)).toBe(
      `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${names}, Signature=${signature}`,
    );
  });

  test("the guide's example of a signed request", () => {
    const request = {
      method: 'GET',
      url: new URL('https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08'),
      headers: {
        ...headers,
        host: 'iam.amazonaws.com',
        'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      },
      body: '',
    };
    expect(authorizationOf(request, { ...scope, service: 'iam' }, credentials)).toContain(
      'Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
    );
  });
});

test('the path on the wire is encoded once more', () => {
  const id = encodeURIComponent('anthropic.claude-3-haiku-20240307-v1:0');
  const url = new URL(`https://bedrock-runtime.us-east-1.amazonaws.com/model/${id}/converse`);
  const [method, path] = canonicalRequest({ method: 'POST', url, headers, body: '' }).split('\n');
  expect([method, path]).toEqual(['POST', '/model/anthropic.claude-3-haiku-20240307-v1%253A0/converse']);
});
