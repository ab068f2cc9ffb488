import { lookup } from 'node:dns/promises';

/** All addresses of a host name, as literals. Rejects with Node's error for one that has none. */
export type LookUp = (host: string) => Promise<readonly string[]>;

export const systemLookUp: LookUp = async (host) => (await lookup(host, { all: true })).map(({ address }) => address);
