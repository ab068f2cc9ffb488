import { createSign } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Endpoint } from '../../core/model.ts';
import type { Secret } from '../../core/secret.ts';
import { KnownSecrets } from '../../telemetry/known-secrets.ts';
import { redact } from '../../telemetry/redact.ts';
import { abortable } from './abortable.ts';
import type { FetchLike, TokenRequest, TokenResponse } from './fetch-like.ts';

/** Everything outside: nothing here reads the process, the disk or the network by itself. */
export interface GoogleAuthDeps {
  readonly clock: Clock;
  /** Read at every look, so that it may be a getter over a configuration that reloads. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  /** Rejects when the file is not there. */
  readonly readFile: (path: string) => Promise<string>;
  readonly fetchLike: FetchLike;
}

const scope = 'https://www.googleapis.com/auth/cloud-platform';
const defaultTokenUrl = 'https://oauth2.googleapis.com/token';
/** Tokens live an hour; one this close to its end might not survive a long queue. */
const renewBeforeMs = 5 * 60_000;
const assertionLifeSeconds = 3600;
const gceProductFile = '/sys/class/dmi/id/product_name';

interface Token {
  readonly value: string;
  readonly expiresAtMs: number;
  /** Bills another project than the credential's own. */
  readonly quotaProject: string | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Credentials for Vertex in Google's order: `GOOGLE_APPLICATION_CREDENTIALS`, gcloud's file, the metadata server of the
 * machine when it is Google's. Owns one token, which is renewed once however many requests wait for it.
 */
export class GoogleAuth {
  readonly #deps: GoogleAuthDeps;
  #token: Token | undefined;
  #pending: Promise<Token> | undefined;

  constructor(deps: GoogleAuthDeps) {
    this.#deps = deps;
  }

  /**
   * Request headers. A configured credential is an express-mode key, or an access token of the user's; without one a
   * token is fetched. Throws `upstream_unauthorized` with a hint when there is none to be had.
   */
  async headers(credential: Secret | undefined): Promise<Readonly<Record<string, string>>> {
    if (credential !== undefined) return keyHeaders(credential.reveal());
    const token = await this.#valid();
    const quota = token.quotaProject === undefined ? {} : { 'x-goog-user-project': token.quotaProject };
    return { authorization: `Bearer ${token.value}`, ...quota };
  }

  /** After a 401: the token was revoked before its time. */
  forget(): void {
    this.#token = undefined;
  }

  #valid(): Promise<Token> {
    const token = this.#token;
    if (token !== undefined && token.expiresAtMs - renewBeforeMs > this.#deps.clock.now())
      return Promise.resolve(token);
    this.#pending ??= this.#renew().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #renew(): Promise<Token> {
    const fields = await findCredentials(this.#deps);
    const token = fields === undefined ? await fromMetadata(this.#deps) : await fromFile(fields, this.#deps);
    this.#token = token;
    return token;
  }
}

/** Headers for requests to Vertex. The result looks for nothing until it is called. */
export function createGoogleAuthorizer(deps: GoogleAuthDeps) {
  const auth = new GoogleAuth(deps);
  return ({ credential }: Endpoint, _request: unknown, signal: AbortSignal) =>
    abortable(auth.headers(credential), signal);
}

function keyHeaders(value: string): Readonly<Record<string, string>> {
  return value.startsWith('ya29.') ? { authorization: `Bearer ${value}` } : { 'x-goog-api-key': value };
}

/** An explicit path must be readable; gcloud's own file may be missing. */
async function findCredentials(deps: GoogleAuthDeps): Promise<Fields | undefined> {
  const explicit = deps.environment.GOOGLE_APPLICATION_CREDENTIALS;
  if (explicit !== undefined && explicit !== '') {
    return parseFields(await readOrThrow(deps, explicit), 'GOOGLE_APPLICATION_CREDENTIALS');
  }
  const directory = deps.environment.CLOUDSDK_CONFIG ?? `${deps.homeDirectory}/.config/gcloud`;
  const text = await readIfThere(deps, `${directory}/application_default_credentials.json`);
  return text === undefined ? undefined : parseFields(text, "gcloud's application default credentials");
}

async function readOrThrow(deps: GoogleAuthDeps, path: string): Promise<string> {
  try {
    return await deps.readFile(path);
  } catch (cause) {
    throw refused('The file named by GOOGLE_APPLICATION_CREDENTIALS cannot be read.', { detail: path, cause });
  }
}

async function readIfThere(deps: GoogleAuthDeps, path: string): Promise<string | undefined> {
  try {
    return await deps.readFile(path);
  } catch {
    // Not there, which is how most machines are.
    return undefined;
  }
}

function parseFields(text: string, what: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Fields;
  } catch {
    // Told below, without the text: it holds a private key.
  }
  throw refused(`${what} is no JSON object.`);
}

function fromFile(fields: Fields, deps: GoogleAuthDeps): Promise<Token> {
  switch (fields.type) {
    case 'service_account':
      return fromServiceAccount(fields, deps);
    case 'authorized_user':
      return fromRefreshToken(fields, deps);
    default:
      throw refused(`Google credentials of type '${String(fields.type)}' are not supported.`, {
        hint: 'Use a service account key, `gcloud auth application-default login`, or an express-mode API key.',
      });
  }
}

function required(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string' || value === '') throw refused(`The Google credentials lack '${name}'.`);
  return value;
}

function fromServiceAccount(fields: Fields, deps: GoogleAuthDeps): Promise<Token> {
  const url = typeof fields.token_uri === 'string' ? fields.token_uri : defaultTokenUrl;
  const assertion = signedAssertion(fields, { audience: url, nowMs: deps.clock.now() });
  return exchange(deps, {
    url,
    form: { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion },
    quotaProject: undefined,
  });
}

/** RFC 7523: a JWT, signed with the account's key, that is traded for a token. */
function signedAssertion(
  fields: Fields,
  { audience, nowMs }: { readonly audience: string; readonly nowMs: number },
): string {
  const issuedAt = Math.floor(nowMs / 1000);
  const keyId = typeof fields.private_key_id === 'string' ? { kid: fields.private_key_id } : {};
  const claims = {
    iss: required(fields, 'client_email'),
    scope,
    aud: audience,
    iat: issuedAt,
    exp: issuedAt + assertionLifeSeconds,
  };
  const content = `${base64url({ alg: 'RS256', typ: 'JWT', ...keyId })}.${base64url(claims)}`;
  try {
    const signature = createSign('RSA-SHA256').update(content).sign(required(fields, 'private_key'), 'base64url');
    return `${content}.${signature}`;
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw refused('The private key of the Google service account cannot be used.', { cause });
  }
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function fromRefreshToken(fields: Fields, deps: GoogleAuthDeps): Promise<Token> {
  const quotaProject = typeof fields.quota_project_id === 'string' ? fields.quota_project_id : undefined;
  return exchange(deps, {
    url: defaultTokenUrl,
    form: {
      grant_type: 'refresh_token',
      client_id: required(fields, 'client_id'),
      client_secret: required(fields, 'client_secret'),
      refresh_token: required(fields, 'refresh_token'),
    },
    quotaProject,
  });
}

interface Exchange {
  readonly url: string;
  readonly form: Readonly<Record<string, string>>;
  readonly quotaProject: string | undefined;
}

async function ask(deps: GoogleAuthDeps, request: TokenRequest): Promise<TokenResponse> {
  try {
    return await deps.fetchLike(request);
  } catch (cause) {
    throw refused("Google's token service could not be reached.", { detail: request.url, cause });
  }
}

async function exchange(deps: GoogleAuthDeps, { url, form, quotaProject }: Exchange): Promise<Token> {
  const response = await ask(deps, {
    url,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  });
  const { assertion = '', client_secret: secret = '', refresh_token: refresh = '' } = form;
  return tokenFrom(response, { nowMs: deps.clock.now(), quotaProject, sent: [assertion, secret, refresh] });
}

/** The metadata server answers on no other machines, and asking a name that does not resolve costs seconds. */
async function fromMetadata(deps: GoogleAuthDeps): Promise<Token> {
  const host =
    deps.environment.GCE_METADATA_HOST ?? ((await isGoogleMachine(deps)) ? 'metadata.google.internal' : undefined);
  if (host === undefined) {
    throw refused('No Google credentials were found.', {
      hint: 'Set GOOGLE_APPLICATION_CREDENTIALS, run `gcloud auth application-default login`, or give an `api_key`.',
    });
  }
  const url = `http://${host}/computeMetadata/v1/instance/service-accounts/default/token`;
  const response = await ask(deps, { url, method: 'GET', headers: { 'metadata-flavor': 'Google' } });
  return tokenFrom(response, { nowMs: deps.clock.now(), quotaProject: undefined, sent: [] });
}

async function isGoogleMachine(deps: GoogleAuthDeps): Promise<boolean> {
  if (deps.environment.K_SERVICE !== undefined) return true;
  return (await readIfThere(deps, gceProductFile))?.startsWith('Google') === true;
}

interface Trade {
  readonly nowMs: number;
  readonly quotaProject: string | undefined;
  /** What the token was to be had for. */
  readonly sent: readonly string[];
}

function tokenFrom(response: TokenResponse, { nowMs, quotaProject, sent }: Trade): Token {
  const fields = response.body.trimStart().startsWith('{') ? parseFields(response.body, 'The token answer') : {};
  const { access_token: value, expires_in: seconds } = fields;
  if (response.status !== 200 || typeof value !== 'string') {
    const reason = String(fields.error_description ?? fields.error ?? `status ${response.status}`);
    throw refused(`Google issued no token: ${new KnownSecrets(sent).redact(redact(reason))}.`, {
      upstreamStatus: response.status,
    });
  }
  const lifeMs = (typeof seconds === 'number' ? seconds : assertionLifeSeconds) * 1000;
  return { value, expiresAtMs: nowMs + lifeMs, quotaProject };
}

function refused(message: string, fields: ConstructorParameters<typeof GatewayError>[2] = {}): GatewayError {
  return new GatewayError('upstream_unauthorized', message, fields);
}
