import { providerType } from '../catalogue/catalogue.ts';
import { GatewayError } from '../core/errors.ts';
import { modelsOf } from '../discovery/listings.ts';
import { hasCredential } from '../registry/endpoint.ts';
import type { Provider, Snapshot } from '../registry/snapshot.ts';
import type { Transport } from '../transport/client.ts';
import { getJson } from '../transport/json-request.ts';
import type { CheckResult } from './check.ts';

const listingMs = 10_000;

/** Whether each hosted provider takes its key: its list of models is asked for, which costs nothing. */
export async function checkHostedKeys(snapshot: Snapshot, transport: Transport): Promise<readonly CheckResult[]> {
  const hosted = [...snapshot.providers.values()].filter(
    ({ endpoint, origin }) => !endpoint.isLocal && origin !== 'demo',
  );
  return Promise.all(hosted.map((provider) => checkProvider(provider, transport)));
}

async function checkProvider(provider: Provider, transport: Transport): Promise<CheckResult> {
  const told = (status: CheckResult['status'], message: string, fix?: string): CheckResult => {
    return { check: 'hosted', subject: provider.id, status, message, fix };
  };
  const { state, detail, endpoint } = provider;
  if (state === 'disabled') return told('skip', `is off: ${detail ?? 'active: false'}`);
  const variable = providerType(provider.type)?.keyVariables[0] ?? 'its api_key';
  if (state === 'needs-key') return told('fail', 'has no key', `set ${variable}, or remove the provider`);
  const listing = providerType(provider.type)?.listing ?? (providerType(provider.type) === undefined ? 'models' : null);
  if (listing === null) return told('skip', 'has no list of models to ask for');
  try {
    const models = modelsOf(
      await getJson(transport, { endpoint, path: `/${listing}`, signal: AbortSignal.timeout(listingMs) }),
    );
    return told('ok', `${hasCredential(endpoint) ? 'takes the key' : 'answers'}, lists ${models.length} models`);
  } catch (thrown) {
    return problem(thrown, told, variable);
  }
}

function problem(
  thrown: unknown,
  told: (status: CheckResult['status'], message: string, fix?: string) => CheckResult,
  variable: string,
): CheckResult {
  if (!(thrown instanceof GatewayError))
    return told('fail', 'did not answer in time', 'check the network and the proxy');
  const { code, message } = thrown;
  if (code === 'upstream_unauthorized')
    return told('fail', 'refuses the key', `check ${variable}: make a new key if need be`);
  if (code === 'upstream_connect') return told('fail', message, 'check the network, the proxy and the base URL');
  // A list that may not be asked for says nothing about the rest.
  return told('warn', message, 'check the base URL');
}
