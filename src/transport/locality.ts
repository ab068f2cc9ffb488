import { isIP } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { isLoopbackHost, isPrivateName, isWithin, reachOf } from './address.ts';
import { type LookUp, systemLookUp } from './look-up.ts';

export interface HostLocality {
  /** Every address of it is loopback or private. */
  readonly isLocal: boolean;
  readonly isLoopback: boolean;
  /** `isLocal` is a guess from the name, which has not been resolved yet. */
  readonly isGuess?: boolean | undefined;
}

/**
 * Whether hosts are in the user's own network. Literals and `localhost` are known at once; a name is guessed from its
 * form until it has been resolved, and judged by its addresses from then on. Owns what it learnt.
 */
export class Localities {
  readonly #lookUp: LookUp;
  readonly #known = new Map<string, HostLocality>();
  readonly #asking = new Set<string>();

  constructor(lookUp: LookUp = systemLookUp) {
    this.#lookUp = lookUp;
  }

  of(host: string): HostLocality {
    const bare = host.startsWith('[') ? host.slice(1, -1) : host;
    if (isLoopbackHost(bare)) return { isLocal: true, isLoopback: true };
    if (isIP(bare) !== 0) return judged([bare]);
    return this.#known.get(bare) ?? (isPrivateName(bare) ? guess : unknown);
  }

  /** Those that are worth another look before long: not resolved yet, or at home, where addresses change. */
  unsettled(hosts: readonly string[]): readonly string[] {
    return hosts.filter((host) => isName(host) && this.#known.get(host)?.isLocal !== false);
  }

  /** Resolves names, also known ones. `onChange` comes for each one whose judgement changed, as soon as it did. */
  async learn(hosts: Iterable<string>, onChange: () => void): Promise<void> {
    const names = [...new Set(hosts)].filter((host) => isName(host) && !this.#asking.has(host));
    await Promise.all(names.map((name) => this.#learnOne(name, onChange)));
  }

  async #learnOne(name: string, onChange: () => void): Promise<void> {
    this.#asking.add(name);
    try {
      const addresses = await this.#lookUp(name);
      const before = this.of(name);
      if (addresses.length === 0) return;
      const now = judged(addresses);
      this.#known.set(name, now);
      if (!isDeepStrictEqual(now, before)) onChange();
    } catch {
      // Not resolvable now says nothing about where it is; it is asked again, and no connection is made meanwhile.
    } finally {
      this.#asking.delete(name);
    }
  }
}

const guess: HostLocality = { isLocal: true, isLoopback: false, isGuess: true };
const unknown: HostLocality = { isLocal: false, isLoopback: false };

function isName(host: string): boolean {
  return isIP(host) === 0 && !isLoopbackHost(host);
}

function judged(addresses: readonly string[]): HostLocality {
  const reached = addresses.map(reachOf);
  return {
    isLocal: reached.every((reach) => isWithin(reach, 'network')),
    isLoopback: reached.every((reach) => reach === 'machine'),
  };
}
