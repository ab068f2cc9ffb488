import type { AuthKind, Endpoint } from '../../core/model.ts';
import { azureHeaders } from './azure.ts';

type Write = (credential: string) => Readonly<Record<string, string>>;

/** Credentials that are one header. `sigv4` and `google` depend on the request or the time and have files of their own. */
const writers: Readonly<Partial<Record<AuthKind, Write>>> = {
  bearer: (credential) => ({ authorization: `Bearer ${credential}` }),
  'x-api-key': (credential) => ({ 'x-api-key': credential }),
  'x-goog-api-key': (credential) => ({ 'x-goog-api-key': credential }),
  'api-key': azureHeaders,
};

const none: Readonly<Record<string, string>> = {};

/** Headers that carry the endpoint's own credential. A client's never travels. */
export function credentialHeaders(endpoint: Endpoint): Readonly<Record<string, string>> {
  const write = writers[endpoint.auth];
  if (write === undefined || endpoint.credential === undefined) return none;
  return write(endpoint.credential.reveal());
}
