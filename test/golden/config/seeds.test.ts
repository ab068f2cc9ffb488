import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isAuthOn } from '../../../src/config/check-auth.ts';
import { formatIssue } from '../../../src/config/issues.ts';
import type { Config } from '../../../src/config/schema.ts';
import { loadFiles } from '../../unit/config/load-text.ts';

const directory = join(import.meta.dirname, '../../fixtures/config/seeds');
const golden = join(import.meta.dirname, 'seeds');
const environment = { OPENAI_API_KEY: 'sk-openai', ANTHROPIC_API_KEY: 'sk-anthropic' };

function load(...names: readonly string[]) {
  const contents = names.map((name) => [`/work/${name}`, readFileSync(join(directory, name), 'utf8')]);
  return loadFiles(Object.fromEntries(contents), { explicit: names, environment });
}

/** Of the blocks about routing, what they set. */
function routingOf({ routing }: Config) {
  const { default_strategy: strategy, circuit_breaker: breaker, retry, complexity } = routing;
  if (complexity !== undefined) return { complexity };
  return strategy === undefined ? {} : { strategy, breaker, retry };
}

/** Of the block about rates, what it sets. */
function ratesOf({ rate_limiting: rates }: Config) {
  return rates.global_rpm === 0 ? {} : { rates };
}

const names = readdirSync(directory).filter((name) => name.endsWith('.yaml'));
/** An entry of the model catalogue, no configuration by itself. */
const entries = new Set(['strongly-5-custom-model.yaml']);
const loaded = names.filter((name) => !entries.has(name));

describe('a documented block', () => {
  it.each(loaded)('%s loads and means what its document says', (name) => {
    const { config, warnings } = load(name);
    expect(warnings.map(formatIssue)).toEqual([]);
    const meaning = {
      listen: config.server.listen,
      isAuthOn: isAuthOn(config),
      keys: config.auth.keys,
      logging: config.logging,
      ...routingOf(config),
      ...ratesOf(config),
      cache: config.cache,
      failover: config.routing.failover,
      providers: config.providers,
    };
    const expected: unknown = JSON.parse(readFileSync(join(golden, name.replace('.yaml', '.json')), 'utf8'));
    expect(JSON.parse(JSON.stringify(meaning))).toEqual(expected);
  });

  const pairs = loaded.flatMap((first) => loaded.map((second) => [first, second] as const));
  it.each(pairs)('%s and %s load together', (first, second) => {
    const { config } = load(first, second);
    const ids = new Set([...Object.keys(load(first).config.providers), ...Object.keys(load(second).config.providers)]);
    expect(new Set(Object.keys(config.providers))).toEqual(ids);
  });
});
