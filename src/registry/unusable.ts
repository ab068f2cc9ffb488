import { providerType } from '../catalogue/catalogue.ts';
import type { DownServer, Rejection } from './resolution.ts';
import type { Provider } from './snapshot.ts';

/** The server that a word of the catalogue stands for when none of its kind is known; undefined for hosted types. */
export function downServer(word: string): DownServer | undefined {
  const type = providerType(word);
  if (type?.isLocal !== true) return undefined;
  return { provider: word, address: `127.0.0.1:${type.defaultPort}`, startCommand: type.startCommand };
}

/** The same for a provider that was there. */
export function downProvider(provider: Provider): DownServer {
  const address = URL.parse(provider.endpoint.baseUrl)?.host ?? provider.endpoint.baseUrl;
  return { provider: provider.id, address, startCommand: provider.startCommand };
}

/** One sentence with what to do about it. */
function downMessage(down: DownServer): string {
  const start = down.startCommand === undefined ? '' : `; run \`${down.startCommand}\``;
  return `nothing answers on ${down.address}${start}`;
}

/** Why a named provider gets no requests: it is not there, or not usable. */
export function unusable(named: {
  readonly word: string;
  readonly provider: Provider | undefined;
  readonly model: string;
}): Rejection {
  const { word, provider } = named;
  const candidate = `${provider?.id ?? word}:${named.model}`;
  if (provider !== undefined) {
    const code = provider.state === 'needs-key' ? 'needs-key' : 'disabled';
    return { candidate, code, reason: `${provider.id} is off: ${provider.detail ?? code}` };
  }
  const down = downServer(word);
  if (down !== undefined) return { candidate, code: 'down', reason: downMessage(down) };
  return { candidate, code: 'unknown-provider', reason: `no provider is called "${word}"` };
}
