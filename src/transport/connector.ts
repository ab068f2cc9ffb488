import type { LookupFunction, Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { buildConnector } from 'undici';
import type { Clock } from '../core/clock.ts';
import { type Reach, reachOf } from './address.ts';

export interface ConnectorOptions {
  readonly clock: Clock;
  readonly lookup: LookupFunction;
  /** Until the connection stands, TLS included. Milliseconds. */
  readonly timeoutMs: number;
  /** Undefined for plain text. */
  readonly secureContext: SecureContext | undefined;
}

/**
 * How connections are opened that no proxy stands between: all of them pass through here, with and without TLS. The
 * error that `lookup` gives is the one that the request fails with.
 */
export function openConnector(options: ConnectorOptions): buildConnector.connector {
  const { clock, lookup, timeoutMs, secureContext } = options;
  const connect = buildConnector({
    allowH2: false,
    // Ours rules, which runs by the clock that everything else does.
    timeout: 0,
    lookup,
    noDelay: true,
    ...(secureContext === undefined ? {} : { secureContext }),
  }) as (...about: Parameters<buildConnector.connector>) => Socket;
  return (about, callback) => {
    const timer = clock.setTimer(timeoutMs, () => socket.destroy(new ConnectTimeout(timeoutMs)));
    const socket = connect(about, (...result) => {
      timer.cancel();
      direct.add(socket);
      callback(...result);
    });
  };
}

/** Sockets whose other end is the upstream itself. */
const direct = new WeakSet<Socket>();

/** How far a connection goes. Behind a proxy anything may be: what was not opened here goes to the internet. */
export function reachOfSocket(socket: Socket | null): Reach {
  const address = socket !== null && direct.has(socket) ? socket.remoteAddress : undefined;
  return address === undefined ? 'internet' : reachOf(address);
}

class ConnectTimeout extends Error {
  readonly code = 'ETIMEDOUT';

  constructor(limitMs: number) {
    super(`no connection within ${limitMs} ms`);
  }
}
