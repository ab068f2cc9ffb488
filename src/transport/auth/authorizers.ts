import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../core/clock.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Transport } from '../client.ts';
import { createSigv4Authorizer } from './aws-authorizer.ts';
import { profileRegion } from './aws-profile.ts';
import { createGoogleAuthorizer } from './google.ts';
import { createTokenFetch } from './token-fetch.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface AuthorizersDeps {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly homeDirectory: string;
  /** The process's own. */
  readonly environment: Environment;
  /** With what a `.env` beside the present configuration adds. */
  readonly configured: () => Environment;
  /** False while the present configuration is not trusted: then no credential of the user's is even looked for. */
  readonly isTrusted: () => boolean;
}

/** What a `.env` may say: keys, and where keys are. Addresses to fetch some from are the process's environment's alone. */
const fromConfiguration = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_PROFILE',
  'GOOGLE_APPLICATION_CREDENTIALS',
] as const;

/** Credentials that depend on the request or the time, by the kind of auth. Looks for nothing until one is called. */
export function createAuthorizers(input: AuthorizersDeps) {
  const { clock, transport, homeDirectory, environment, configured } = input;
  const deps = {
    clock,
    homeDirectory,
    fetchLike: createTokenFetch(transport),
    readFile: (path: string) => readFile(path, 'utf8'),
    get environment(): Environment {
      const file = configured();
      return { ...Object.fromEntries(fromConfiguration.map((name) => [name, file[name]])), ...environment };
    },
  };
  const guarded = (authorize: Authorize): Authorize => {
    return (...asked) => (input.isTrusted() ? authorize(...asked) : Promise.reject(notTrusted()));
  };
  return { sigv4: guarded(createSigv4Authorizer(deps)), google: guarded(createGoogleAuthorizer(deps)) };
}

type Authorize = ReturnType<typeof createSigv4Authorizer>;

function notTrusted(): GatewayError {
  const message = 'The configuration is not trusted with the credentials of this machine.';
  return new GatewayError('upstream_unauthorized', message, { hint: 'say `router trust` for the file' });
}

/** The environment with the region of the user's AWS profile, where nothing says one. One small file is read for it. */
export function withProfileRegion(
  environment: Environment,
  configured: Environment,
  homeDirectory: string,
): Environment {
  const all = { ...configured, ...environment };
  if (all.AWS_REGION || all.AWS_DEFAULT_REGION) return environment;
  const region = profileRegion(all, homeDirectory, (path) => readFileSync(path, 'utf8'));
  return region === undefined ? environment : { ...environment, AWS_DEFAULT_REGION: region };
}
