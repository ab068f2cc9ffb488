import { expect, it } from 'vitest';
import type { ResolveRequest } from '../../../src/registry/resolution.ts';
import { ResolutionCache } from '../../../src/registry/resolution-cache.ts';
import { resolve } from '../../../src/registry/resolve.ts';
import { ollama, snapshot } from './sample.ts';

const both = snapshot({ servers: [ollama('llama3.1', 'qwen3')] });
const one = snapshot({ servers: [ollama('qwen3')] });
const chat: ResolveRequest = { model: 'llama3.1', operation: 'chat' };

it('resolves a name once, to what it means', () => {
  const cache = new ResolutionCache();
  const first = cache.resolve(both, chat);
  expect(first).toEqual(resolve(both, chat));
  expect(cache.resolve(both, { ...chat })).toBe(first);
});

it('forgets with the snapshot', () => {
  const cache = new ResolutionCache();
  cache.resolve(both, chat);
  expect(cache.resolve(one, chat).kind).toBe('unknown');
  expect(cache.resolve(both, chat).kind).toBe('found');
});

it.each<[string, ResolveRequest]>([
  ['name in the place of another', { ...chat, insteadOf: 'qwen3:local' }],
  ['lock', { ...chat, lock: 'nobody' }],
  ['privacy', { ...chat, localOnly: 'machine' }],
  ["key's models", { ...chat, allowedModels: ['qwen3'] }],
  ['needs', { ...chat, needs: ['vision'] }],
  ['operation', { ...chat, operation: 'embeddings' }],
])('does not answer one %s for another', (_wish, request) => {
  const cache = new ResolutionCache();
  cache.resolve(both, chat);
  expect(cache.resolve(both, request)).toEqual(resolve(both, request));
  expect(cache.resolve(both, chat)).toEqual(resolve(both, chat));
});

it('remembers no more names than a client might mean, those that came last', () => {
  const cache = new ResolutionCache();
  const many = snapshot({ servers: [ollama(...Array.from({ length: 300 }, (_, index) => `m${index}`))] });
  const seen = Array.from({ length: 300 }, (_, index) => cache.resolve(many, { ...chat, model: `m${index}` }));
  expect(cache.resolve(many, { ...chat, model: 'm299' })).toBe(seen[299]);
  const first = cache.resolve(many, { ...chat, model: 'm0' });
  expect(first).not.toBe(seen[0]);
  expect(first).toEqual(seen[0]);
});

it('remembers no name that is long, whatever it resolves to', () => {
  const cache = new ResolutionCache();
  const long = `ollama:${'x'.repeat(1_000)}`;
  const served = snapshot({ servers: [ollama(long.slice('ollama:'.length))] });
  const first = cache.resolve(served, { ...chat, model: long });
  expect(first.kind).toBe('found');
  expect(cache.resolve(served, { ...chat, model: long })).not.toBe(first);
});
