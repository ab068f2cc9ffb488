import { isIP } from 'node:net';
import { isLoopbackHost, isPrivateAddress, isPrivateName } from './address.ts';
import { type LookUp, systemLookUp } from './look-up.ts';

export interface HostLocality {
  /** Every address of it is loopback or private. */
  readonly isLocal: boolean;
  readonly isLoopback: boolean;
}

/**
 * Whether hosts are in the user's own network. Literals and `localhost` are known at once; a name is judged by its
 * form until it has been resolved, and by its addresses from then on. Owns what it learnt.
 */
export class Localities {
  readonly #lookUp: LookUp;
  readonly #known = new Map<string, HostLocality>();

  constructor(lookUp: LookUp = systemLookUp) {
    this.#lookUp = lookUp;
  }

  of(host: string): HostLocality {
    const bare = host.startsWith('[') ? host.slice(1, -1) : host;
    if (isLoopbackHost(bare)) return { isLocal: true, isLoopback: true };
    if (isIP(bare) !== 0) return { isLocal: isPrivateAddress(bare), isLoopback: false };
    return this.#known.get(bare) ?? { isLocal: isPrivateName(bare), isLoopback: false };
  }

  /** Resolves names that are not known yet. True when a judgement changed by it. */
  async learn(hosts: Iterable<string>): Promise<boolean> {
    const names = [...new Set(hosts)].filter(
      (host) => isIP(host) === 0 && !isLoopbackHost(host) && !this.#known.has(host),
    );
    const changes = await Promise.all(names.map((name) => this.#learnOne(name)));
    return changes.includes(true);
  }

  async #learnOne(name: string): Promise<boolean> {
    const before = this.of(name);
    try {
      const addresses = await this.#lookUp(name);
      if (addresses.length === 0) return false;
      const now = { isLocal: addresses.every(isPrivateAddress), isLoopback: addresses.every(isLoopbackHost) };
      this.#known.set(name, now);
      return now.isLocal !== before.isLocal || now.isLoopback !== before.isLoopback;
    } catch {
      // Not resolvable now says nothing about where it is; it is asked again at the next reload.
      return false;
    }
  }
}
