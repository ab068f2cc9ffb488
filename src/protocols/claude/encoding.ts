import { GatewayError } from '../../core/errors.ts';
import type { CacheMark } from '../canonical.ts';
import { Drops } from '../drops.ts';
import type { ModelTraits } from './model-traits.ts';

/** The API takes no more cache marks than this in one request. */
const maxCacheMarks = 4;

interface CacheControl {
  cache_control: { type: 'ephemeral'; ttl?: '5m' | '1h' };
}

/** What encoding one request gathers on its way. */
export class Encoding {
  readonly traits: ModelTraits;
  readonly drops = new Drops();
  #cacheMarks = 0;

  constructor(traits: ModelTraits) {
    this.traits = traits;
  }

  /** To be spread into a block. Marks past the limit are dropped: an error would cost more than a cache miss. */
  cache(mark: CacheMark | undefined): CacheControl | undefined {
    if (mark === undefined) return undefined;
    if (this.#cacheMarks >= maxCacheMarks) {
      this.drops.add('cache_control');
      return undefined;
    }
    this.#cacheMarks += 1;
    const ttl = mark.ttl === '1h' || mark.ttl === '5m' ? mark.ttl : undefined;
    return { cache_control: ttl === undefined ? { type: 'ephemeral' } : { type: 'ephemeral', ttl } };
  }
}

/** What must not be left out silently: another candidate may be able to take it. */
export function incapable(what: string, param: string): GatewayError {
  return new GatewayError('upstream_incapable', `This model cannot take ${what} through the Messages API.`, { param });
}
