import { isIPv4, isIPv6 } from 'node:net';
import type { CheckContext } from './check-context.ts';
import { isLoopbackHost, parseListen } from './listen.ts';
import type { ProviderConfig } from './schema.ts';
import { keyMarkAt, markAt, nodeAt, type Path } from './tree.ts';

/**
 * A provider at the router's own address would be asked by the router for what the router asks it. Only checked where the
 * router is to run: two documented examples may well name the same port.
 */
export function checkOwnAddress(context: CheckContext): void {
  const { config, tree, report, knowledge } = context;
  const own = parseListen(config.server.listen);
  const { ownAddresses } = knowledge;
  // A free port has no owner before it is taken.
  if (own === undefined || own.port === 0 || ownAddresses === undefined) return;
  const addresses = listenedOn(own.host, ownAddresses);
  for (const [id, provider] of Object.entries(config.providers)) {
    for (const { path, base } of provider.active ? basesOf(context, id, provider) : []) {
      const url = URL.parse(base);
      if (url?.protocol !== 'http:' || Number(url.port || 80) !== own.port) continue;
      if (!meantBy(url.hostname).some((address) => addresses.includes(address))) continue;
      const mark = nodeAt(tree, path)?.kind === 'scalar' ? markAt(tree, path) : keyMarkAt(tree, path);
      const message = `this is where the router itself listens (${config.server.listen})`;
      report(mark, path, { message, hint: 'correct the address, or give the router another port with server.listen' });
    }
  }
}

interface Base {
  readonly path: Path;
  readonly base: string;
}

function basesOf({ knowledge }: CheckContext, id: string, provider: ProviderConfig): readonly Base[] {
  const path = ['providers', id];
  const { api_base, base_url, models = [] } = provider;
  const usual = knowledge.usualBase?.(provider.type ?? id);
  const main =
    api_base !== undefined
      ? { path: [...path, 'api_base'], base: api_base }
      : { path: base_url === undefined ? path : [...path, 'base_url'], base: base_url ?? usual ?? '' };
  const others = models.map(({ base_url: base }, i) => ({
    path: [...path, 'models', i, 'base_url'],
    base: base ?? '',
  }));
  return [main, ...others];
}

const loopbacks = ['127.0.0.1', '::1'];

/** Addresses that reach a socket which listens on `host`. Those of IPv6 are without brackets. */
function listenedOn(host: string, ownAddresses: () => readonly string[]): readonly string[] {
  if (host !== '::' && host !== '0.0.0.0') return meantBy(host);
  const all = [...loopbacks, ...ownAddresses()];
  return host === '::' ? all : all.filter((address) => !isIPv6(address));
}

/** Addresses that a host in a URL may mean; a name that would have to be looked up means only itself. */
function meantBy(host: string): readonly string[] {
  const name = host.toLowerCase().replaceAll(/[[\]]|\.$/g, '');
  if (name === '0.0.0.0') return ['127.0.0.1'];
  if (name === '::') return ['::1'];
  const isName = !isIPv4(name) && !isIPv6(name);
  return isName && (isLoopbackHost(name) || name.endsWith('.localhost')) ? loopbacks : [name];
}
