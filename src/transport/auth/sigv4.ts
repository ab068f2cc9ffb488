import { createHash, createHmac } from 'node:crypto';
import type { Secret } from '../../core/secret.ts';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  /** Of temporary credentials. */
  readonly sessionToken?: Secret | undefined;
}

export interface SignedRequest {
  readonly method: string;
  /** As it goes on the wire, percent-encoded. */
  readonly url: URL;
  /** The headers that are signed, `host` among them; lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

export interface SigningScope {
  readonly region: string;
  readonly service: string;
  /** Unix milliseconds. */
  readonly nowMs: number;
}

const algorithm = 'AWS4-HMAC-SHA256';

/** Value of `Authorization`. `headers` must hold `x-amz-date` with the time of the scope. */
export function authorizationOf(request: SignedRequest, scope: SigningScope, credentials: AwsCredentials): string {
  const date = amzDate(scope.nowMs);
  const credentialScope = `${date.slice(0, 8)}/${scope.region}/${scope.service}/aws4_request`;
  const toSign = [algorithm, date, credentialScope, sha256Hex(canonicalRequest(request))].join('\n');
  const signature = hmac(signingKey(scope, credentials), toSign).toString('hex');
  const signed = signedNames(request.headers).join(';');
  return `${algorithm} Credential=${credentials.accessKeyId}/${credentialScope}, SignedHeaders=${signed}, Signature=${signature}`;
}

/** The form of a request that both sides hash. */
export function canonicalRequest({ method, url, headers, body }: SignedRequest): string {
  const names = signedNames(headers);
  const lines = names.map((name) => `${name}:${(headers[name] ?? '').trim().replaceAll(/\s+/g, ' ')}\n`);
  return [method, canonicalPath(url), canonicalQuery(url), lines.join(''), names.join(';'), sha256Hex(body)].join('\n');
}

/** `20150830T123600Z`. */
export function amzDate(nowMs: number): string {
  return new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
}

export function sha256Hex(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function signedNames(headers: SignedRequest['headers']): readonly string[] {
  return Object.keys(headers).sort();
}

/** All services but S3 encode the path that is on the wire once more: `%3A` of a model's id is signed as `%253A`. */
function canonicalPath(url: URL): string {
  return url.pathname.split('/').map(encode).join('/');
}

function canonicalQuery(url: URL): string {
  const pairs = [...url.searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`);
  return pairs.sort().join('&');
}

/** RFC 3986: everything but unreserved characters. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function signingKey({ region, service, nowMs }: SigningScope, { secretAccessKey }: AwsCredentials): Buffer {
  const day = amzDate(nowMs).slice(0, 8);
  const ofDay = hmac(`AWS4${secretAccessKey.reveal()}`, day);
  return hmac(hmac(hmac(ofDay, region), service), 'aws4_request');
}

function hmac(key: string | Buffer, content: string): Buffer {
  return createHmac('sha256', key).update(content).digest();
}
