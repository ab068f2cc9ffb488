import type { LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { GatewayError } from '../core/errors.ts';
import { isMetadataHost, isWithin, type Reach, reachOf } from './address.ts';
import { plainHost } from './ip-address.ts';
import { type LookUp, systemLookUp } from './look-up.ts';

/** Where connections for somebody may lead: never to a cloud's metadata, and no further than `limit`. */
export interface Guard {
  /** Who is to be connected to, in messages: a provider's id. */
  readonly who: string;
  /** `internet` when left out. */
  readonly limit?: Reach | undefined;
  /** The system's when left out. */
  readonly lookUp?: LookUp | undefined;
}

/**
 * Throws for a host that may not be connected to by what it says: a literal, in any spelling, or the name of a metadata
 * service. To be asked before every connection, since Node does not look literals up; names have `guardedLookup`.
 */
export function requireAllowedHost(guard: Guard, host: string): void {
  const plain = plainHost(host);
  const refusal = isIP(plain) === 0 && !isMetadataHost(plain) ? undefined : refusalOf(guard, plain);
  if (refusal !== undefined) throw refusal;
}

/**
 * For `net.connect` and whatever is built on it: the addresses that the socket goes to are those that were judged. A
 * name is refused when only one of its addresses is, as any of them may be the one that answers.
 */
export function guardedLookup(guard: Guard): LookupFunction {
  const { lookUp = systemLookUp } = guard;
  return (hostname, options, callback) => {
    const fail = (error: NodeJS.ErrnoException) => callback(error, '', 0);
    allowedAddresses(guard, lookUp, hostname).then((addresses) => {
      const wanted = addresses.filter(({ family }) => isWanted(family, options.family));
      const [first] = wanted;
      if (first === undefined) fail(notFound(hostname));
      else if (options.all === true) callback(null, [...wanted]);
      else callback(null, first.address, first.family);
    }, fail);
  };
}

async function allowedAddresses(guard: Guard, lookUp: LookUp, hostname: string): Promise<readonly LookupAddress[]> {
  requireAllowedHost(guard, hostname);
  const addresses = await lookUp(hostname);
  for (const address of addresses) {
    const refusal = refusalOf(guard, address, hostname);
    if (refusal !== undefined) throw refusal;
  }
  return addresses.map((address) => ({ address, family: isIP(address) }));
}

/** Why an address or the name of a metadata service is not connected to. `name` is what it was looked up from. */
function refusalOf({ who, limit = 'internet' }: Guard, host: string, name?: string): GatewayError | undefined {
  if (isMetadataHost(host)) {
    return new GatewayError('upstream_connect', `${who} points at a cloud metadata address, which is not allowed.`);
  }
  if (isWithin(reachOf(host), limit)) return undefined;
  const place = limit === 'machine' ? 'this machine' : 'the local network';
  return new GatewayError('not_local', `${who} is not on ${place}, and this request may not leave it.`, {
    detail: name === undefined ? `${host} is beyond ${place}` : `${name} is ${host}, which is beyond ${place}`,
    hint: 'if it is your own server all the same, set "local: true" on the provider',
  });
}

function isWanted(family: number, asked: number | 'IPv4' | 'IPv6' | undefined): boolean {
  if (asked === 'IPv4' || asked === 4) return family === 4;
  return asked === 'IPv6' || asked === 6 ? family === 6 : true;
}

function notFound(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' });
}
