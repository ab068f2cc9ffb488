import { describe, expect, it } from 'vitest';
import { didYouMean, editDistance, nearest } from '../../../src/config/near.ts';

describe('near words', () => {
  it.each([
    ['', 'abc', 3],
    ['base', 'base', 0],
    ['bsae', 'base', 1],
    ['contxt', 'context', 1],
    ['kitten', 'sitting', 3],
  ])('%s and %s are %d edits apart', (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance);
    expect(editDistance(to, from)).toBe(distance);
  });

  it('takes the nearest, and nothing that is far', () => {
    expect(nearest('api_bas', ['base_url', 'api_base', 'api_key'])).toBe('api_base');
    expect(nearest('apiBase', ['base_url', 'api_base'])).toBe('api_base');
    expect(nearest('cache', ['models', 'auth'])).toBeUndefined();
    expect(didYouMean('lisen', ['listen'])).toBe('did you mean "listen"?');
  });
});
