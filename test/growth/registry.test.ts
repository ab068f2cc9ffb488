import { describe, it } from 'vitest';
import { listModels } from '../../src/registry/list.ts';
import { buildSnapshot, type SnapshotInput } from '../../src/registry/registry.ts';
import { resolve } from '../../src/registry/resolve.ts';
import type { Snapshot } from '../../src/registry/snapshot.ts';
import { config, localityOf, modelFacts, ollama, server } from '../unit/registry/sample.ts';
import { expectLinear } from './growth.ts';
import { times } from './request-bodies.ts';

type Given = Pick<SnapshotInput, 'config'> & Partial<SnapshotInput>;

/** All of one length: what is near to a name depends on it. */
const names = (count: number) => times(count, (index) => `model-${1000 + index}`);
const base = 'http://127.0.0.1:8080/v1';

function snapshotOf(given: Given): Snapshot {
  return buildSnapshot({ environment: {}, servers: [], localityOf, ...given });
}

/** What the registry is made of, with much of one thing. */
const inputs: Readonly<Record<string, (count: number) => Given>> = {
  'models of a provider': (count) => ({
    config: config({ providers: { one: { api_base: base, models: names(count).map((id) => ({ id })) } } }),
  }),
  'models of a server that is declared with all of them': (count) => ({
    config: config({
      providers: { ollama: { api_base: 'http://127.0.0.1:11434/v1', models: names(count).map((id) => ({ id })) } },
    }),
    servers: [ollama(...names(count).map((id) => `${id}:latest`))],
  }),
  'models that a server has': (count) => ({ config: config(), servers: [ollama(...names(count))] }),
  'other names of one model': (count) => ({
    config: config(),
    servers: [server(base.slice(0, -3), 'llamacpp', { models: [modelFacts('m', { aliases: names(count) })] })],
  }),
  'models of one name': (count) => ({
    config: config(),
    servers: [server(base.slice(0, -3), 'vllm', { models: names(count).map(() => modelFacts('m')) })],
  }),
  'providers of one model': (count) => ({
    config: config({
      providers: Object.fromEntries(
        times(count, (index) => [`p${index}`, { api_base: `http://127.0.0.1:${1 + index}/v1`, models: [{ id: 'm' }] }]),
      ),
    }),
  }),
  servers: (count) => ({
    config: config(),
    servers: times(count, (index) =>
      server(`http://127.0.0.1:${1 + index}`, 'vllm', { models: [modelFacts(`m${1000 + index}`)] }),
    ),
  }),
  'declared servers': (count) => ({
    config: config({
      providers: Object.fromEntries(
        times(count, (index) => [`p${index}`, { api_base: `http://127.0.0.1:${1 + index}/v1` }]),
      ),
    }),
    servers: times(count, (index) =>
      server(`http://127.0.0.1:${1 + index}`, 'vllm', { models: [modelFacts(`m${1000 + index}`)] }),
    ),
  }),
  'virtual models': (count) => ({
    config: config({
      providers: { one: { api_base: base } },
      models: Object.fromEntries(names(count).map((id) => [id, { endpoints: [{ provider: 'one', model: 'x' }] }])),
    }),
  }),
  'patterns of virtual models': (count) => ({
    config: config({
      providers: { one: { api_base: base } },
      models: Object.fromEntries(
        names(count).map((id) => [`${id}-*`, { endpoints: [{ provider: 'one', model: 'x' }] }]),
      ),
    }),
  }),
  'endpoints of a virtual model': (count) => ({
    config: config({
      providers: { one: { api_base: base } },
      models: { m: { endpoints: names(count).map((model) => ({ provider: 'one', model })) } },
    }),
  }),
  'protocols by pattern': (count) => ({
    config: config({
      providers: {
        one: {
          api_base: base,
          models: [{ id: 'm' }],
          api_protocol: Object.fromEntries(names(count).map((id) => [`${id}*`, ['messages']])),
        },
      },
    }),
  }),
};

const shapes = Object.entries(inputs);

describe('the registry', () => {
  it.each(shapes)('takes %s in steps that grow with their number', (_name, input) => {
    expectLinear(input, snapshotOf);
  });

  it.each(shapes)('lists with %s in steps that grow with their number', (_name, input) => {
    expectLinear((count) => snapshotOf(input(count)), listModels);
  });

  const asked = [
    'm',
    'model-1',
    'modl-1',
    'auto',
    'one:model-1001',
    'p1/m',
    'ollama/model-1001',
    'M',
    'm:cost',
    'x'.repeat(50),
  ];

  it.each(shapes)('looks names up among %s in steps that grow with their number', (_name, input) => {
    expectLinear(
      (count) => snapshotOf(input(count)),
      (snapshot) => {
        for (const model of asked) resolve(snapshot, { model, operation: 'chat', localOnly: undefined });
      },
    );
  });

  it('looks long names up in steps that grow with their length', () => {
    const snapshot = snapshotOf({ config: config(), servers: [ollama(...names(20))] });
    for (const part of ['a', ':', '/', 'model-1', '-', '@', ' ', 'a:', 'a/']) {
      expectLinear(
        (count) => part.repeat(count),
        (model) => resolve(snapshot, { model, operation: 'chat', localOnly: undefined }),
      );
    }
  });
});
