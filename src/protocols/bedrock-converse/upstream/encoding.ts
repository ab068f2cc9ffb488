import { GatewayError } from '../../../core/errors.ts';
import type { CacheMark } from '../../canonical.ts';
import { Encoding as ClaudeEncoding } from '../../claude/encoding.ts';
import type { Drops } from '../../drops.ts';
import type { ModelTraits } from '../model-traits.ts';
import type { CachePoint } from '../wire.ts';

/** The API takes no more cache points than this in one request. */
const maxCachePoints = 4;
/** Longest name of a document. Characters. */
const maxNameLength = 200;

/** What encoding one request gathers on its way. */
export class Encoding {
  readonly traits: ModelTraits;
  /** For what is the same in Claude's own API. Shares the drops. */
  readonly claude: ClaudeEncoding;
  /** Names in use, with the number that was last put behind each. */
  readonly #documentNames = new Map<string, number>();
  #cachePoints = 0;

  constructor(traits: ModelTraits) {
    this.traits = traits;
    this.claude = new ClaudeEncoding(traits.claude);
  }

  get drops(): Drops {
    return this.claude.drops;
  }

  /** Stands after the block that ends the cacheable prefix; none where the model takes none. */
  cachePoint(mark: CacheMark | undefined, place: 'content' | 'tools'): readonly CachePoint[] {
    if (mark === undefined) return [];
    if (!this.traits.caches[place] || this.#cachePoints >= maxCachePoints) {
      this.drops.add('cache_control');
      return [];
    }
    this.#cachePoints += 1;
    const isHour = mark.ttl === '1h' && this.traits.caches.hour;
    return [{ cachePoint: isHour ? { type: 'default', ttl: '1h' } : { type: 'default' } }];
  }

  /** The wire's alphabet, and no name twice. */
  documentName(name: string | undefined): string {
    const legal = (name ?? '')
      .replaceAll(/[^a-zA-Z0-9\s()[\]-]+/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim();
    const wanted = legal === '' ? 'document' : legal.slice(0, maxNameLength - 4).trim();
    let count = this.#documentNames.get(wanted) ?? 0;
    let unique = wanted;
    do {
      count += 1;
      if (count > 1) unique = `${wanted} ${count}`;
    } while (this.#documentNames.has(unique));
    this.#documentNames.set(unique, 1);
    this.#documentNames.set(wanted, count);
    return unique;
  }
}

/** What must not be left out silently: another candidate may be able to take it. */
export function incapable(what: string, param: string): GatewayError {
  return new GatewayError('upstream_incapable', `This model cannot take ${what} through Amazon Bedrock.`, { param });
}
