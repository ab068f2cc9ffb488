import { createVerify, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Secret } from '../../../src/core/secret.ts';
import type { TokenRequest, TokenResponse } from '../../../src/transport/auth/fetch-like.ts';
import { GoogleAuth } from '../../../src/transport/auth/google.ts';
import { createFakeClock } from '../../support/clock.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const serviceAccount = JSON.stringify({
  type: 'service_account',
  client_email: 'bot@acme.iam.gserviceaccount.com',
  private_key_id: 'kid1',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  token_uri: 'https://oauth2.googleapis.com/token',
});
const user = JSON.stringify({
  type: 'authorized_user',
  client_id: 'id',
  client_secret: 'secret',
  refresh_token: 'refresh',
  quota_project_id: 'billed',
});

interface Setup {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly answer?: (count: number) => TokenResponse | Promise<TokenResponse>;
}

function setUp({ env = {}, files = {}, answer }: Setup) {
  const requests: TokenRequest[] = [];
  const clock = createFakeClock();
  const auth = new GoogleAuth({
    clock,
    environment: env,
    homeDirectory: '/home/ann',
    readFile: (path) => {
      const text = files[path];
      return text === undefined ? Promise.reject(new Error('ENOENT')) : Promise.resolve(text);
    },
    fetchLike: (request) => {
      requests.push(request);
      const body = JSON.stringify({ access_token: `t${requests.length}`, expires_in: 3600 });
      return Promise.resolve(answer?.(requests.length) ?? { status: 200, body });
    },
  });
  return { auth, clock, requests };
}

const withAccount = {
  env: { GOOGLE_APPLICATION_CREDENTIALS: '/keys/sa.json' },
  files: { '/keys/sa.json': serviceAccount },
};
const gcloudFile = '/home/ann/.config/gcloud/application_default_credentials.json';

test('an unreachable token service is an error of the credential', async () => {
  const { auth } = setUp({ ...withAccount, answer: () => Promise.reject(new Error('ECONNREFUSED')) });
  await expect(auth.headers(undefined)).rejects.toMatchObject({ code: 'upstream_unauthorized' });
});

describe('a configured credential', () => {
  test('is an express-mode key, or an access token', async () => {
    const { auth, requests } = setUp({});
    expect(await auth.headers(new Secret('AQ.abc'))).toEqual({ 'x-goog-api-key': 'AQ.abc' });
    expect(await auth.headers(new Secret('ya29.abc'))).toEqual({ authorization: 'Bearer ya29.abc' });
    expect(requests).toEqual([]);
  });
});

describe('a service account', () => {
  test('trades a signed assertion for a token', async () => {
    const { auth, clock, requests } = setUp(withAccount);
    expect(await auth.headers(undefined)).toEqual({ authorization: 'Bearer t1' });
    expect(requests[0]).toMatchObject({ url: 'https://oauth2.googleapis.com/token', method: 'POST' });
    const form = new URLSearchParams(requests[0]?.body);
    expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    const [header = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
    expect(read(header)).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'kid1' });
    const now = Math.floor(clock.now() / 1000);
    expect(read(claims)).toEqual({
      iss: 'bot@acme.iam.gserviceaccount.com',
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      aud: 'https://oauth2.googleapis.com/token',
      iat: now,
      exp: now + 3600,
    });
    const verified = createVerify('RSA-SHA256').update(`${header}.${claims}`).verify(publicKey, signature, 'base64url');
    expect(verified).toBe(true);
  });

  test('one token serves until five minutes before its end', async () => {
    const { auth, clock, requests } = setUp(withAccount);
    await auth.headers(undefined);
    clock.advance(55 * 60_000 - 1);
    expect(await auth.headers(undefined)).toEqual({ authorization: 'Bearer t1' });
    clock.advance(1);
    expect(await auth.headers(undefined)).toEqual({ authorization: 'Bearer t2' });
    expect(requests).toHaveLength(2);
  });

  test('requests that wait share one exchange', async () => {
    const { auth, requests } = setUp(withAccount);
    const all = await Promise.all([1, 2, 3].map(() => auth.headers(undefined)));
    expect(new Set(all.map((headers) => headers.authorization))).toEqual(new Set(['Bearer t1']));
    expect(requests).toHaveLength(1);
  });

  test('a forgotten token is fetched anew', async () => {
    const { auth } = setUp(withAccount);
    await auth.headers(undefined);
    auth.forget();
    expect(await auth.headers(undefined)).toEqual({ authorization: 'Bearer t2' });
  });

  test('a failed exchange is told and tried again by the next request', async () => {
    const refusal = { status: 400, body: '{"error":"invalid_grant","error_description":"Account deleted"}' };
    const good = { status: 200, body: '{"access_token":"t","expires_in":3600}' };
    const { auth } = setUp({ ...withAccount, answer: (count) => (count === 1 ? refusal : good) });
    await expect(auth.headers(undefined)).rejects.toMatchObject({
      code: 'upstream_unauthorized',
      message: 'Google issued no token: Account deleted.',
      upstreamStatus: 400,
    });
    expect(await auth.headers(undefined)).toEqual({ authorization: 'Bearer t' });
  });
});

describe("gcloud's file", () => {
  test('is not told by a refusal that quotes what was sent', async () => {
    const file = JSON.stringify({ ...JSON.parse(user), client_secret: 'no-form-1', refresh_token: '1//0g-refresh' });
    const body = JSON.stringify({ error_description: 'Unknown: no-form-1 with 1%2F%2F0g-refresh' });
    const { auth } = setUp({ files: { [gcloudFile]: file }, answer: () => ({ status: 400, body }) });
    await expect(auth.headers(undefined)).rejects.toThrow('Google issued no token: Unknown: *** with ***.');
  });

  test('is refreshed, and bills the project it names', async () => {
    const { auth, requests } = setUp({ files: { [gcloudFile]: user } });
    expect(await auth.headers(undefined)).toEqual({ authorization: 'Bearer t1', 'x-goog-user-project': 'billed' });
    expect(Object.fromEntries(new URLSearchParams(requests[0]?.body))).toEqual({
      grant_type: 'refresh_token',
      client_id: 'id',
      client_secret: 'secret',
      refresh_token: 'refresh',
    });
  });

  test('may lie elsewhere', async () => {
    const { auth } = setUp({
      env: { CLOUDSDK_CONFIG: '/cfg' },
      files: { '/cfg/application_default_credentials.json': user },
    });
    expect(await auth.headers(undefined)).toMatchObject({ authorization: 'Bearer t1' });
  });
});

describe('the metadata server', () => {
  test.each<[string, Setup]>([
    ['on a machine of Google', { files: { '/sys/class/dmi/id/product_name': 'Google Compute Engine\n' } }],
    ['on Cloud Run', { env: { K_SERVICE: 'svc' } }],
  ])('is asked %s', async (_name, setup) => {
    const { auth, requests } = setUp(setup);
    expect(await auth.headers(undefined)).toEqual({ authorization: 'Bearer t1' });
    expect(requests).toEqual([
      {
        url: 'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token',
        method: 'GET',
        headers: { 'metadata-flavor': 'Google' },
      },
    ]);
  });

  test('is never asked elsewhere', async () => {
    const { auth, requests } = setUp({});
    await expect(auth.headers(undefined)).rejects.toMatchObject({
      code: 'upstream_unauthorized',
      message: 'No Google credentials were found.',
      hint: expect.stringContaining('GOOGLE_APPLICATION_CREDENTIALS'),
    });
    expect(requests).toEqual([]);
  });
});

describe('unusable credentials say so without showing themselves', () => {
  test.each([
    [undefined, 'The file named by GOOGLE_APPLICATION_CREDENTIALS cannot be read.'],
    ['private', 'GOOGLE_APPLICATION_CREDENTIALS is no JSON object.'],
    ['{"type":"external_account"}', "Google credentials of type 'external_account' are not supported."],
    ['{"type":"service_account","private_key":"x"}', "The Google credentials lack 'client_email'."],
    [
      '{"type":"service_account","client_email":"a","private_key":"x"}',
      'The private key of the Google service account cannot be used.',
    ],
  ])('%s', async (text, message) => {
    const files: Readonly<Record<string, string>> = text === undefined ? {} : { '/keys/sa.json': text };
    const { auth } = setUp({ env: withAccount.env, files });
    await expect(auth.headers(undefined)).rejects.toMatchObject({ code: 'upstream_unauthorized', message });
  });
});
