import { describe, it } from 'vitest';
import { issuesOf, loadFiles } from '../unit/config/load-text.ts';
import { expectLinearSteps } from './growth.ts';
import { times } from './request-bodies.ts';

type Lines = (count: number) => readonly string[];

const provider = ['providers:', '  one:', '    api_base: http://127.0.0.1:8080/v1'];
const endpoints = '{endpoints: [{provider: one, model: x}]}';

/** Files with many of one thing, right ones first. */
const files: Readonly<Record<string, Lines>> = {
  'models of a provider': (count) => [...provider, '    models:', ...times(count, (index) => `      - model-${index}`)],
  'models with settings': (count) => [
    ...provider,
    '    models:',
    ...times(
      count,
      (index) => `      - {name: model-${index}, context_length: 8192, base_url: "http://127.0.0.1:${1 + index}/v1"}`,
    ),
  ],
  'models of one name': (count) => [...provider, '    models:', ...times(count, () => '      - model')],
  providers: (count) => [
    'providers:',
    ...times(count, (index) => `  p${index}: {type: LM-Studio, base_url: "http://127.0.0.1:${1 + index}"}`),
  ],
  'providers without a key': (count) => [
    'providers:',
    ...times(count, (index) => `  p${index}: {api_base: "http://127.0.0.1:1/v1", api_key: "\${K${index}}"}`),
  ],
  'virtual models': (count) => [...provider, 'models:', ...times(count, (index) => `  m${index}: ${endpoints}`)],
  'endpoints of a virtual model': (count) => [
    ...provider,
    'models:',
    '  m:',
    '    endpoints:',
    ...times(count, (index) => `      - {provider: one, model: x${index}}`),
  ],
  'virtual models of providers that are not there': (count) => [
    'models:',
    ...times(count, (index) => `  m${index}: {endpoints: [{provider: p${index}, model: x}]}`),
  ],
  presets: (count) => ['presets:', ...times(count, (index) => `  p${index}: {system_prompt: x}`)],
  'client keys': (count) => [
    'auth:',
    '  keys:',
    ...times(count, (index) => `    - {name: n${index}, key: "sk-${'x'.repeat(30)}${index}"}`),
  ],
  headers: (count) => [...provider, '    headers:', ...times(count, (index) => `      x-h${index}: v`)],
  'patterns of protocols': (count) => [
    ...provider,
    '    api_protocol:',
    ...times(count, (index) => `      "m${index}*": openai`),
  ],
  'anchors and aliases': (count) => [
    ...provider,
    '    models:',
    ...times(count, (index) => `      - &a${index} m${index}`),
    'presets:',
    ...times(count, (index) => `  p${index}: {system_prompt: *a${index}}`),
  ],
  'aliases of one anchor': (count) => [
    'presets:',
    '  first: &a {system_prompt: x}',
    ...times(count, (index) => `  p${index}: *a`),
  ],
  'merged maps': (count) => [
    'presets:',
    '  first: &a {system_prompt: x}',
    ...times(count, (index) => `  p${index}: {<<: *a}`),
  ],
  'maps merged into one': (count) => [
    ...provider,
    '    headers:',
    `      <<: [${times(count, (index) => `{x-h${index}: v}`).join(', ')}]`,
  ],
  references: (count) => ['presets:', '  p:', `    system_prompt: "${'${NAME:-x}'.repeat(count)}"`],
  'references that never end': (count) => ['presets:', '  p:', `    system_prompt: "${'${NAME:-'.repeat(count)}"`],
  'keys that come twice': (count) => ['presets:', ...times(count, () => '  p: {system_prompt: x}')],
  'settings that are not known': (count) => [...provider, ...times(count, (index) => `    odd${index}: 1`)],
  'models that are wrong': (count) => [...provider, '    models:', ...times(count, () => '      - {name: 1}')],
  'providers that are wrong': (count) => ['providers:', ...times(count, (index) => `  p${index}: {api_base: 5}`)],
  'empty models': (count) => ['models:', ...times(count, (index) => `  m${index}:`)],
  'ports to look at': (count) => ['discovery:', `  ports: [${times(count, (index) => 1 + index).join(', ')}]`],
  comments: (count) => [...times(count, () => '# comment'), ...provider],
  'empty lines': (count) => [...times(count, () => ''), ...provider],
};

describe('a configuration', () => {
  it.each(Object.entries(files))('with many %s is read in steps that grow with their number', (_name, lines) => {
    expectLinearSteps(
      (count) => lines(count).join('\n'),
      (text) => issuesOf(() => loadFiles({ '/work/router.yaml': text })),
    );
  });

  it.each(Object.entries(files))('with many %s is merged in steps that grow with their number', (_name, lines) => {
    const paths = ['/work/one.yaml', '/work/two.yaml'];
    expectLinearSteps(
      (count) => lines(count).join('\n'),
      (text) => issuesOf(() => loadFiles(Object.fromEntries(paths.map((path) => [path, text])), { explicit: paths })),
    );
  });
});
