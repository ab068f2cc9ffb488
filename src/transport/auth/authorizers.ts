import { readFile } from 'node:fs/promises';
import type { Clock } from '../../core/clock.ts';
import type { Transport } from '../client.ts';
import { createSigv4Authorizer } from './aws-authorizer.ts';
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
export function createAuthorizers({ clock, transport, homeDirectory, environment, configured }: AuthorizersDeps) {
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
  return { sigv4: createSigv4Authorizer(deps), google: createGoogleAuthorizer(deps) };
}
