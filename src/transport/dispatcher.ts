import type { LookupFunction } from 'node:net';
import { type buildConnector, type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import type { Clock } from '../core/clock.ts';
import type { Endpoint } from '../core/model.ts';
import { openConnector } from './connector.ts';
import { Lane } from './lane.ts';
import type { Trust } from './trust.ts';

export interface DispatcherOptions {
  readonly clock: Clock;
  readonly endpoint: Endpoint;
  /** Scheme, host and port. */
  readonly origin: string;
  readonly lookup: LookupFunction;
  readonly trust: Trust;
  /** HTTP_PROXY, HTTPS_PROXY, NO_PROXY in either case; undefined where no proxy may come between. */
  readonly proxies: Readonly<Record<string, string | undefined>> | undefined;
}

/** undici says so of all its own; its types of some. */
export type ClosableDispatcher = Dispatcher & { readonly destroyed: boolean };

/** Longest head of an answer. Bytes. */
const maxHeadBytes = 64 * 1024;
/** Idle connections are kept this long unless the server says less: uvicorn, the least patient, closes after 5 s. */
const keepAliveMs = 4_000;
/** Before the server's own deadline, so that its closing does not cross our next request. Milliseconds. */
const keepAliveMarginMs = 1_000;

/** undici's pool for one origin, all of whose connections are lanes. */
export function openDispatcher(options: DispatcherOptions): ClosableDispatcher {
  const { clock, endpoint, origin, lookup, trust, proxies } = options;
  const timeoutMs = endpoint.timeouts.connectMs;
  const secureContext = origin.startsWith('https:') ? trust.context : undefined;
  const connector = openConnector({ clock, lookup, timeoutMs, secureContext });
  const openPool = (to: string | URL, connect: buildConnector.connector) =>
    new Pool(to, {
      ...poolOptions,
      connections: endpoint.poolSize ?? null,
      connect,
      factory: (url, about) => new Lane(clock, url, about),
    });
  const read = (name: string) => proxies?.[name.toLowerCase()] ?? proxies?.[name] ?? '';
  const httpProxy = read('HTTP_PROXY');
  const httpsProxy = read('HTTPS_PROXY') || httpProxy;
  if (httpProxy === '' && httpsProxy === '') return openPool(origin, connector);
  return new EnvHttpProxyAgent({
    connect: connector,
    connectTimeout: timeoutMs,
    // Through a proxy undici opens the connections; what `connector` knows holds for hosts that NO_PROXY names.
    ...(secureContext === undefined ? {} : { requestTls: { secureContext }, proxyTls: { secureContext } }),
    factory: (to, about) => openPool(to, (about as Connecting).connect),
    allowH2: false,
    httpProxy,
    httpsProxy,
    noProxy: read('NO_PROXY'),
  }) as EnvHttpProxyAgent & ClosableDispatcher;
}

interface Connecting {
  readonly connect: buildConnector.connector;
}

const poolOptions: Pool.Options = {
  // Our own timers rule: a model that loads for minutes is not a failure of the connection.
  headersTimeout: 0,
  bodyTimeout: 0,
  keepAliveTimeout: keepAliveMs,
  keepAliveMaxTimeout: keepAliveMs,
  keepAliveTimeoutThreshold: keepAliveMarginMs,
  maxHeaderSize: maxHeadBytes,
  allowH2: false,
  pipelining: 1,
};
