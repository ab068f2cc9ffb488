import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { GatewayError } from '../core/errors.ts';
import type { Endpoint } from '../core/model.ts';
import { isMetadataHost } from './address.ts';

export function metadataError(endpoint: Endpoint): GatewayError {
  return new GatewayError(
    'upstream_connect',
    `${endpoint.providerId} points at a cloud metadata address, which is not allowed.`,
  );
}

/** Checks where the socket really goes: a harmless name may resolve to a metadata address. */
export function guardedLookup(endpoint: Endpoint): LookupFunction {
  return (hostname, options, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error !== null) return callback(error, '', 0);
      if (addresses.some((one) => isMetadataHost(one.address))) return callback(metadataError(endpoint), '', 0);
      if (options.all === true) return callback(null, addresses);
      const first = addresses[0];
      return first === undefined
        ? callback(new Error(`${hostname} has no address`), '', 0)
        : callback(null, first.address, first.family);
    });
  };
}
