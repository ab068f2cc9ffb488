import type { Clock } from '../../core/clock.ts';
import { GatewayError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import { type ProfileFiles, profileKeys, profilePaths, profileSignIn, readProfile } from './aws-profile.ts';
import type { FetchLike, TokenRequest } from './fetch-like.ts';
import type { AwsCredentials } from './sigv4.ts';

/** Everything outside: nothing here reads the process, the disk or the network by itself. */
export interface AwsCredentialDeps {
  /** Read at every look, so that it may be a getter over a configuration that reloads. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  readonly clock: Clock;
  readonly fetchLike: FetchLike;
  /** Rejects when the file is not there. */
  readonly readFile: (path: string) => Promise<string>;
}

export interface FoundCredentials {
  readonly credentials: AwsCredentials;
  /** Unix milliseconds; from then on another look is due. */
  readonly renewAtMs: number;
  /** Unix milliseconds; until then they still serve when that look fails. */
  readonly expiresAtMs: number;
}

interface Search {
  readonly deps: AwsCredentialDeps;
  readonly region: string;
  readonly profile: string;
}

type Source = (search: Search) => Promise<FoundCredentials | undefined>;

/** Credentials this close to their end might not survive a long queue. */
const renewBeforeMs = 5 * 60_000;
/** Tools rewrite the shared files behind our back. */
const rereadMs = 60_000;
const containerHost = 'http://169.254.170.2';
const instanceHost = 'http://169.254.169.254';
const instanceRoles = '/latest/meta-data/iam/security-credentials/';
/** The life that is asked for the token of the instance's metadata service. */
const instanceTokenSeconds = '21600';
const vendorFile = '/sys/class/dmi/id/sys_vendor';

const sources: readonly Source[] = [fromEnvironment, fromProfile, fromWebIdentity, fromContainer, fromInstance];

/**
 * AWS's order of places: the environment, the shared files, a web identity, the container, the instance. A profile that
 * the provider's own settings name is the only place. Throws `upstream_unauthorized` when there is nothing.
 */
export async function findAwsCredentials(
  deps: AwsCredentialDeps,
  settings: Readonly<Record<string, string>>,
): Promise<FoundCredentials> {
  const ofEnvironment = deps.environment.AWS_PROFILE;
  const profile = settings.profile ?? (ofEnvironment || 'default');
  const search: Search = { deps, profile, region: settings.region ?? 'us-east-1' };
  const isNamed = settings.profile !== undefined && settings.profile !== ofEnvironment;
  for (const source of isNamed ? [fromProfile] : sources) {
    const found = await source(search);
    if (found !== undefined) return found;
  }
  throw await nothingFound(search);
}

function fromEnvironment({ deps }: Search): Promise<FoundCredentials | undefined> {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = deps.environment;
  if (!id || !secret) return Promise.resolve(undefined);
  const sessionToken = token ? new Secret(token) : undefined;
  const now = deps.clock.now();
  return Promise.resolve({
    credentials: { accessKeyId: id, secretAccessKey: new Secret(secret), sessionToken },
    renewAtMs: now,
    expiresAtMs: now,
  });
}

async function fromProfile(search: Search): Promise<FoundCredentials | undefined> {
  const profile = readProfile(search.profile, await sharedFiles(search.deps));
  const credentials = profile === undefined ? undefined : profileKeys(profile);
  if (credentials === undefined) return undefined;
  const renewAtMs = search.deps.clock.now() + rereadMs;
  return { credentials, renewAtMs, expiresAtMs: renewAtMs };
}

async function sharedFiles(deps: AwsCredentialDeps): Promise<ProfileFiles> {
  const paths = profilePaths(deps.environment, deps.homeDirectory);
  const [credentials, config] = await Promise.all([
    readIfThere(deps, paths.credentials),
    readIfThere(deps, paths.config),
  ]);
  return { credentials: credentials ?? '', config: config ?? '' };
}

async function readIfThere(deps: AwsCredentialDeps, path: string): Promise<string | undefined> {
  try {
    return await deps.readFile(path);
  } catch {
    // Not there, which is how most machines are.
    return undefined;
  }
}

/** EKS and CI systems: a token in a file is traded for credentials of a role. */
async function fromWebIdentity({ deps, region }: Search): Promise<FoundCredentials | undefined> {
  const { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: role, AWS_ROLE_SESSION_NAME: session } = deps.environment;
  if (!file || !role) return undefined;
  const token = await readRequired(deps, file, 'AWS_WEB_IDENTITY_TOKEN_FILE');
  const form = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: role,
    RoleSessionName: session || 'router',
    WebIdentityToken: token.trim(),
  });
  const body = await ask(deps, 'AWS STS', {
    url: `${deps.environment.AWS_ENDPOINT_URL_STS || `https://sts.${region}.amazonaws.com`}/`,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  });
  const field = (name: string) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(body)?.[1];
  return temporary('AWS STS', {
    AccessKeyId: field('AccessKeyId'),
    SecretAccessKey: field('SecretAccessKey'),
    Token: field('SessionToken'),
    Expiration: field('Expiration'),
  });
}

/** ECS gives a path, EKS Pod Identity a whole address. */
async function fromContainer({ deps }: Search): Promise<FoundCredentials | undefined> {
  const { environment } = deps;
  const relative = environment.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI;
  const url = relative ? `${containerHost}${relative}` : environment.AWS_CONTAINER_CREDENTIALS_FULL_URI;
  if (!url) return undefined;
  const file = environment.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE;
  const token = file
    ? (await readRequired(deps, file, 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE')).trim()
    : environment.AWS_CONTAINER_AUTHORIZATION_TOKEN;
  const headers: Record<string, string> = token ? { authorization: token } : {};
  const who = "The container's credential service";
  return temporary(who, parseJson(who, await ask(deps, who, { url, method: 'GET', headers })));
}

/** The second version of the service only: the first one answers anyone who gets a server to fetch a URL. */
async function fromInstance({ deps }: Search): Promise<FoundCredentials | undefined> {
  const { environment } = deps;
  const set = environment.AWS_EC2_METADATA_SERVICE_ENDPOINT?.replace(/\/+$/, '');
  if (environment.AWS_EC2_METADATA_DISABLED?.toLowerCase() === 'true') return undefined;
  if (!set && !(await mayBeInstance(deps))) return undefined;
  const host = set || instanceHost;
  const token = await instanceToken(deps, host);
  if (token === undefined) return undefined;
  const who = "The instance's metadata service";
  const headers = { 'x-aws-ec2-metadata-token': token };
  const roles = await ask(deps, who, { url: host + instanceRoles, method: 'GET', headers });
  const role = encodeURIComponent(roles.split('\n')[0]?.trim() ?? '');
  return temporary(
    who,
    parseJson(who, await ask(deps, who, { url: host + instanceRoles + role, method: 'GET', headers })),
  );
}

/** Elsewhere nothing answers at the metadata address, and finding that out would hold up the request. */
async function mayBeInstance(deps: AwsCredentialDeps): Promise<boolean> {
  const vendor = await readIfThere(deps, vendorFile);
  return vendor === undefined || /amazon|xen/i.test(vendor);
}

async function instanceToken(deps: AwsCredentialDeps, host: string): Promise<string | undefined> {
  const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': instanceTokenSeconds };
  try {
    const response = await deps.fetchLike({ url: `${host}/latest/api/token`, method: 'PUT', headers });
    return response.status === 200 ? response.body : undefined;
  } catch {
    // No such service: this machine is not one of AWS's.
    return undefined;
  }
}

async function readRequired(deps: AwsCredentialDeps, path: string, variable: string): Promise<string> {
  try {
    return await deps.readFile(path);
  } catch (cause) {
    throw refused(`The file named by ${variable} cannot be read.`, { detail: path, cause });
  }
}

async function ask(deps: AwsCredentialDeps, who: string, request: TokenRequest): Promise<string> {
  const response = await deps.fetchLike(request).catch((cause: unknown) => {
    throw refused(`${who} could not be reached.`, { detail: request.url, cause });
  });
  if (response.status === 200) return response.body;
  throw refused(`${who} issued no credentials: status ${response.status}.`, {
    upstreamStatus: response.status,
    detail: response.body.slice(0, 500),
  });
}

type Fields = Readonly<Record<string, unknown>>;

function parseJson(who: string, text: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Fields;
  } catch {
    // Told below, without the text: it may hold a key.
  }
  throw refused(`${who} did not answer with JSON.`);
}

function temporary(who: string, fields: Fields): FoundCredentials {
  const { AccessKeyId: id, SecretAccessKey: secret, Token: token, Expiration: expiration } = fields;
  const expiresAtMs = typeof expiration === 'string' ? Date.parse(expiration) : Number.NaN;
  if (typeof id !== 'string' || typeof secret !== 'string' || Number.isNaN(expiresAtMs)) {
    throw refused(`${who} answered without complete credentials.`);
  }
  const sessionToken = typeof token === 'string' ? new Secret(token) : undefined;
  return {
    credentials: { accessKeyId: id, secretAccessKey: new Secret(secret), sessionToken },
    renewAtMs: expiresAtMs - renewBeforeMs,
    expiresAtMs,
  };
}

async function nothingFound({ deps, profile }: Search): Promise<GatewayError> {
  const known = readProfile(profile, await sharedFiles(deps));
  const signIn = known === undefined ? undefined : profileSignIn(known);
  if (signIn !== undefined) {
    return refused(`The AWS profile '${profile}' signs in by ${signIn}, which is not followed here.`, {
      hint: `Put the output of \`aws configure export-credentials --profile ${profile} --format env\` into the environment.`,
    });
  }
  return refused('No AWS credentials were found.', {
    hint: `Set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or add keys to the profile '${profile}' with \`aws configure\`.`,
  });
}

function refused(message: string, fields: ConstructorParameters<typeof GatewayError>[2] = {}): GatewayError {
  return new GatewayError('upstream_unauthorized', message, fields);
}
