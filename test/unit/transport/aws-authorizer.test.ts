import { describe, expect, test } from 'vitest';
import type { Endpoint } from '../../../src/core/model.ts';
import { createSigv4Authorizer } from '../../../src/transport/auth/aws-authorizer.ts';
import { profileRegion } from '../../../src/transport/auth/aws-profile.ts';
import type { TokenRequest, TokenResponse } from '../../../src/transport/auth/fetch-like.ts';
import { createFakeClock } from '../../support/clock.ts';
import { candidate } from '../protocols/anthropic-messages/samples.ts';

type Answer = (request: TokenRequest) => TokenResponse | Promise<TokenResponse>;

interface Setup {
  readonly environment?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, string>>;
  readonly answer?: Answer;
}

const body = Buffer.from('{}');
const path = '/model/amazon.nova-lite-v1%3A0/converse';
const never = new AbortController().signal;
const laptop = { '/sys/class/dmi/id/sys_vendor': 'LENOVO\n' };

function unreachable(): never {
  throw new Error('ECONNREFUSED');
}

function setUp({ environment = {}, files = laptop, settings = {}, answer = unreachable }: Setup) {
  const requests: TokenRequest[] = [];
  const clock = createFakeClock();
  const authorize = createSigv4Authorizer({
    environment,
    homeDirectory: '/home/ann',
    clock,
    readFile: (name) => {
      const text: string | undefined = files[name];
      return text === undefined ? Promise.reject(new Error('ENOENT')) : Promise.resolve(text);
    },
    fetchLike: async (request) => {
      requests.push(request);
      return answer(request);
    },
  });
  const endpoint: Endpoint = { ...candidate().endpoint, auth: 'sigv4', credential: undefined, settings };
  const sign = (host = 'bedrock-runtime.us-east-1.amazonaws.com', signal = never) =>
    authorize(endpoint, { url: `https://${host}${path}`, headers: ['Content-Type', 'application/json'], body }, signal);
  return { sign, clock, requests };
}

const keys = { AWS_ACCESS_KEY_ID: 'AKIDENV', AWS_SECRET_ACCESS_KEY: 'secret' };
const keyOf = (headers: Readonly<Record<string, string>>) =>
  /Credential=(\w+)\//.exec(headers.authorization ?? '')?.[1];

function temporary(id: string, expiresAtMs: number): string {
  const Expiration = new Date(expiresAtMs).toISOString();
  return JSON.stringify({ AccessKeyId: id, SecretAccessKey: 's', Token: 't', Expiration });
}

describe('a signature', () => {
  test('covers host, content type, time and body', async () => {
    const { sign } = setUp({ environment: { ...keys, AWS_SESSION_TOKEN: 'session' } });
    const headers = await sign();
    expect(headers).toMatchObject({
      'x-amz-date': '20261120T000000Z',
      'x-amz-content-sha256': '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
      'x-amz-security-token': 'session',
    });
    expect(headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDENV\/20261120\/us-east-1\/bedrock\/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
    );
  });

  test.each([
    ['bedrock-runtime.eu-west-3.amazonaws.com', 'eu-west-3'],
    ['bedrock-runtime-fips.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
    ['vpce-1.bedrock-runtime.ap-southeast-2.vpce.amazonaws.com', 'ap-southeast-2'],
    ['127.0.0.1:9', 'ca-central-1'],
  ])('for %s is for the region %s', async (host, region) => {
    const { sign } = setUp({ environment: keys, settings: { region: 'ca-central-1' } });
    expect((await sign(host)).authorization).toContain(`/20261120/${region}/bedrock/`);
  });
});

describe('credentials come from', () => {
  test("the provider's own settings before all else", async () => {
    const { sign } = setUp({
      environment: keys,
      settings: { aws_access_key_id: 'AKIDOWN', aws_secret_access_key: 'own' },
    });
    const headers = await sign();
    expect(keyOf(headers)).toBe('AKIDOWN');
    expect(headers).not.toHaveProperty('x-amz-security-token');
  });

  test('the shared files, the credentials file first', async () => {
    const files = {
      '/home/ann/.aws/config': '[default]\nregion = us-east-2\n\n[profile work]\naws_access_key_id = AKIDCONFIG\n',
      '/home/ann/.aws/credentials':
        '# mine\n[default]\naws_access_key_id=AKIDDEFAULT\naws_secret_access_key = a/b+c=\n[work]\r\naws_access_key_id = AKIDWORK\r\naws_secret_access_key = w\r\n',
    };
    expect(keyOf(await setUp({ files }).sign())).toBe('AKIDDEFAULT');
    expect(keyOf(await setUp({ files, environment: { AWS_PROFILE: 'work' } }).sign())).toBe('AKIDWORK');
  });

  test('nowhere but the profile that the settings name', async () => {
    const { sign } = setUp({ environment: keys, settings: { profile: 'gone' } });
    await expect(sign()).rejects.toMatchObject({
      code: 'upstream_unauthorized',
      hint: expect.stringContaining('gone'),
    });
  });

  test('AWS STS for a web identity', async () => {
    const { sign, requests } = setUp({
      environment: { AWS_WEB_IDENTITY_TOKEN_FILE: '/var/token', AWS_ROLE_ARN: 'arn:aws:iam::1:role/r' },
      files: { '/var/token': 'jwt\n' },
      settings: { region: 'eu-west-1' },
      answer: () => ({
        status: 200,
        body: '<R><Credentials><AccessKeyId>ASIASTS</AccessKeyId><SecretAccessKey>s/+=</SecretAccessKey><SessionToken>tok</SessionToken><Expiration>2026-11-20T01:00:00Z</Expiration></Credentials></R>',
      }),
    });
    const headers = await sign();
    expect(keyOf(headers)).toBe('ASIASTS');
    expect(headers['x-amz-security-token']).toBe('tok');
    expect(requests[0]).toMatchObject({ url: 'https://sts.eu-west-1.amazonaws.com/', method: 'POST' });
    expect(Object.fromEntries(new URLSearchParams(requests[0]?.body))).toMatchObject({
      Action: 'AssumeRoleWithWebIdentity',
      RoleArn: 'arn:aws:iam::1:role/r',
      WebIdentityToken: 'jwt',
    });
  });

  test.each([
    [{ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/creds' }, 'http://169.254.170.2/v2/creds', undefined],
    [
      {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:7/c',
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/var/pod-token',
        AWS_CONTAINER_AUTHORIZATION_TOKEN: 'other',
      },
      'http://127.0.0.1:7/c',
      'pod',
    ],
  ])('the container: %o', async (environment: Readonly<Record<string, string>>, url, token) => {
    const { sign, requests } = setUp({
      environment,
      files: { '/var/pod-token': 'pod\n' },
      answer: () => ({ status: 200, body: temporary('ASIAPOD', Date.UTC(2026, 10, 21)) }),
    });
    expect(keyOf(await sign())).toBe('ASIAPOD');
    expect(requests[0]?.url).toBe(url);
    expect(requests[0]?.headers.authorization).toBe(token);
  });

  test('the instance, by the second version of its service', async () => {
    const answers: Readonly<Record<string, string>> = {
      'PUT /latest/api/token': 'imds-token',
      'GET /latest/meta-data/iam/security-credentials/': 'my-role\n',
      'GET /latest/meta-data/iam/security-credentials/my-role': temporary('ASIAEC2', Date.UTC(2026, 10, 21)),
    };
    const { sign, requests } = setUp({
      files: { '/sys/class/dmi/id/sys_vendor': 'Amazon EC2\n' },
      answer: ({ method, url }) => ({ status: 200, body: answers[`${method} ${new URL(url).pathname}`] ?? '' }),
    });
    expect(keyOf(await sign())).toBe('ASIAEC2');
    expect(requests.map(({ headers }) => headers['x-aws-ec2-metadata-token'])).toEqual([
      undefined,
      'imds-token',
      'imds-token',
    ]);
  });
});

describe('credentials that expire', () => {
  const environment = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/c' };
  const hourly = (answers: { fail: boolean }) => {
    let made = 0;
    const start = Date.UTC(2026, 10, 20);
    return () => {
      if (answers.fail) unreachable();
      made += 1;
      return { status: 200, body: temporary(`ASIA${made}`, start + made * 3_600_000) };
    };
  };

  test('are asked for once however many requests wait, and again five minutes before their end', async () => {
    const { sign, clock, requests } = setUp({ environment, answer: hourly({ fail: false }) });
    const first = await Promise.all([sign(), sign(), sign()]);
    expect(first.map(keyOf)).toEqual(['ASIA1', 'ASIA1', 'ASIA1']);
    clock.advance(54 * 60_000);
    expect(keyOf(await sign())).toBe('ASIA1');
    expect(requests).toHaveLength(1);
    clock.advance(60_000);
    expect(keyOf(await sign())).toBe('ASIA2');
  });

  test('serve to their end when no new ones can be had', async () => {
    const answers = { fail: false };
    const { sign, clock } = setUp({ environment, answer: hourly(answers) });
    await sign();
    answers.fail = true;
    clock.advance(59 * 60_000);
    expect(keyOf(await sign())).toBe('ASIA1');
    clock.advance(60_000);
    await expect(sign()).rejects.toMatchObject({ code: 'upstream_unauthorized' });
  });
});

describe('without credentials', () => {
  test("the error says what to set, and nothing was asked on a machine that is not Amazon's", async () => {
    const { sign, requests } = setUp({});
    await expect(sign()).rejects.toMatchObject({
      code: 'upstream_unauthorized',
      hint: expect.stringContaining('AWS_ACCESS_KEY_ID'),
    });
    expect(requests).toEqual([]);
  });

  test('the instance is asked where its maker is not known, unless that is forbidden', async () => {
    const asked = setUp({ files: {} });
    await expect(asked.sign()).rejects.toMatchObject({ code: 'upstream_unauthorized' });
    expect(asked.requests).toHaveLength(1);
    const silent = setUp({ files: {}, environment: { AWS_EC2_METADATA_DISABLED: 'true' } });
    await expect(silent.sign()).rejects.toMatchObject({ code: 'upstream_unauthorized' });
    expect(silent.requests).toEqual([]);
  });

  test('a profile that signs in otherwise is named with the way out', async () => {
    const files = {
      ...laptop,
      '/home/ann/.aws/config': '[default]\nsso_session = corp\n[sso-session corp]\nsso_region = x\n',
    };
    await expect(setUp({ files }).sign()).rejects.toMatchObject({
      message: "The AWS profile 'default' signs in by single sign-on, which is not followed here.",
      hint: expect.stringContaining('aws configure export-credentials --profile default'),
    });
  });

  test.each([
    [{ status: 403, body: 'no' }, /status 403/],
    [{ status: 200, body: 'secret stuff' }, /did not answer with JSON/],
    [{ status: 200, body: '{"AccessKeyId":"A"}' }, /incomplete|without complete/],
  ])('a service that answers %o is an error of the credential', async (response, message) => {
    const environment = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/c' };
    const failing = setUp({ environment, answer: () => response }).sign();
    await expect(failing).rejects.toMatchObject({
      code: 'upstream_unauthorized',
      message: expect.stringMatching(message),
    });
  });
});

test('the region of a profile stands in the config file', () => {
  const text = '[default]\nregion = eu-north-1\n[profile work]\nregion=ap-south-1\n';
  const read = (path: string) => {
    if (path !== '/home/ann/.aws/config') throw new Error('ENOENT');
    return text;
  };
  expect(profileRegion({}, '/home/ann', read)).toBe('eu-north-1');
  expect(profileRegion({ AWS_PROFILE: 'work' }, '/home/ann', read)).toBe('ap-south-1');
  expect(profileRegion({ AWS_PROFILE: 'gone' }, '/home/ann', read)).toBeUndefined();
  expect(profileRegion({}, '/home/bob', read)).toBeUndefined();
});

test('a client that leaves stops waiting, and the others still get their credentials', async () => {
  let give: (response: TokenResponse) => void = () => {};
  const { sign } = setUp({
    environment: { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/c' },
    answer: () =>
      new Promise((resolve) => {
        give = resolve;
      }),
  });
  const leaving = new AbortController();
  const left = sign(undefined, leaving.signal);
  const stays = sign();
  leaving.abort();
  await expect(left).rejects.toMatchObject({ code: 'client_closed' });
  give({ status: 200, body: temporary('ASIA1', Date.UTC(2026, 10, 21)) });
  expect(keyOf(await stays)).toBe('ASIA1');
});
