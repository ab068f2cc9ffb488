import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

// The rules that the layout of src/ stands on, read from the sources' text: quick, and blind to what a compiler would
// elide, so that a type-only import counts like any other.

/** A step may import any later one; folders on one step do not know each other. Single files stand for themselves. */
const steps: readonly (readonly string[])[] = [
  ['main.ts'],
  ['cli'],
  ['app.ts'],
  ['server', 'admin', 'doctor'],
  ['gateway', 'lifecycle', 'deploy', 'demo'],
  ['registry', 'discovery', 'routing', 'resilience', 'access', 'guardrails', 'cache', 'usage'],
  ['state', 'protocols'],
  ['transport'],
  ['config'],
  ['catalogue', 'telemetry'],
  ['core'],
];
/** Declares what text imports yield; it has no code and imports nothing. */
const declarations = 'text-imports.d.ts';
const topLevel = new Set([...steps.flat(), declarations]);
/** Folders that get time, chance and environment passed in. */
const engines = new Set(steps.slice(steps.findIndex((step) => step.includes('gateway'))).flat());
/** The one place where the system's clock becomes a `Clock`. */
const clockHome = 'core/clock.ts';
/** Names that say a file's shape, or nothing. */
const emptyNames = /^(index|types|common|data|info)$|(^|-)(utils?|helpers?|managers?|services?)$/;

interface Source {
  /** Relative to src/, with forward slashes. */
  readonly path: string;
  readonly folder: string;
  readonly code: string;
  readonly imports: readonly string[];
}

/** Comments end where they are sure to be comments: a `/*` in the middle of a string stays. */
function withoutComments(text: string): string {
  return text.replace(/(^|\s)\/\*[\s\S]*?\*\//g, '$1').replace(/(^|\s)\/\/.*$/gm, '$1');
}

const importForms: readonly RegExp[] = [
  /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^\s*import\s*['"]([^'"]+)['"]/gm,
  /\bimport\(\s*['"]([^'"]+)['"]/g,
];

function importsOf(code: string): string[] {
  return importForms.flatMap((form) => [...code.matchAll(form)].map((match) => match[1] ?? ''));
}

function readSource(path: string): Source {
  const code = withoutComments(readFileSync(join('src', path), 'utf8'));
  return { path, folder: path.split('/')[0] ?? path, code, imports: importsOf(code) };
}

const files = readdirSync('src', { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).replaceAll('\\', '/').slice('src/'.length));
const sources = files.filter((path) => path.endsWith('.ts') && path !== declarations).map(readSource);

/** The path below src/ that a relative import means; undefined for packages. May point out of src/ by `../`. */
function target(source: Source, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return normalize(join(dirname(source.path), specifier)).replaceAll('\\', '/');
}

function targets(source: Source): string[] {
  return source.imports.flatMap((specifier) => target(source, specifier) ?? []);
}

function stepOf(folder: string): number {
  return steps.findIndex((step) => step.includes(folder));
}

/** `from imports to` for each import that goes against the direction. */
function wrongWays(source: Source): string[] {
  const from = stepOf(source.folder);
  return targets(source)
    .filter((path) => !path.startsWith('../'))
    .filter((path) => {
      const folder = path.split('/')[0] ?? path;
      return folder !== source.folder && stepOf(folder) <= from;
    })
    .map((path) => `${source.path} imports ${path}`);
}

/** The cycles that a depth-first walk runs into, each as `a → b → a`. */
function cyclesIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (node: string, trail: readonly string[]): void => {
    if (trail.includes(node)) found.push([...trail.slice(trail.indexOf(node)), node].join(' → '));
    if (trail.includes(node) || done.has(node)) return;
    for (const next of graph.get(node) ?? []) walk(next, [...trail, node]);
    done.add(node);
  };
  for (const node of graph.keys()) walk(node, []);
  return found;
}

/** `path: text` for each match, over the sources that `applies` lets through. */
function findAll(pattern: RegExp, applies: (source: Source) => boolean = () => true): string[] {
  return sources
    .filter(applies)
    .flatMap((source) => [...source.code.matchAll(pattern)].map((match) => `${source.path}: ${match[0].trim()}`));
}

describe('imports', () => {
  test('are found in every form', () => {
    const code = withoutComments(`
      import { a } from './a.ts';
      import type { b } from './b.ts';
      import './c.ts';
      export * from './d.ts';
      import {
        e, // import './not-this.ts'
      } from "./e.ts";
      const f = await import('./f.ts');
      /* import './nor-this.ts'; */
      const accept = '*/*'; export { g } from 'g';
      type H = import('./h.ts').H;
    `);
    expect(importsOf(code).sort()).toEqual(['./a.ts', './b.ts', './c.ts', './d.ts', './e.ts', './f.ts', './h.ts']);
  });

  test('go one way', () => {
    expect(sources.flatMap(wrongWays)).toEqual([]);
  });

  test('going left or sideways would be seen', () => {
    const source = (path: string, specifier: string): Source => ({
      path,
      folder: path.split('/')[0] ?? path,
      code: '',
      imports: [specifier],
    });
    expect(wrongWays(source('core/errors.ts', '../config/schema.ts'))).toHaveLength(1);
    expect(wrongWays(source('state/memory.ts', '../protocols/canonical.ts'))).toHaveLength(1);
    expect(wrongWays(source('app.ts', './main.ts'))).toHaveLength(1);
    expect(wrongWays(source('gateway/pump.ts', '../protocols/canonical.ts'))).toEqual([]);
  });

  test('form no cycle', () => {
    expect(cyclesIn(new Map(sources.map((source) => [source.path, targets(source)])))).toEqual([]);
  });

  test('forming a cycle would be seen', () => {
    const graph = new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['b']],
    ]);
    expect(cyclesIn(graph)).toEqual(['b → c → b']);
  });

  test('lead to files of the program, to templates or to its manifest', () => {
    const known = new Set(files);
    const strays = sources.flatMap((source) =>
      targets(source)
        .filter((path) => !known.has(path) && path !== '../package.json' && !path.startsWith('../templates/'))
        .map((path) => `${source.path} imports ${path}`),
    );
    expect(strays).toEqual([]);
  });

  test('can all be followed by the bundler', () => {
    expect(findAll(/\bimport\(\s*[^'"\s]|\bcreateRequire\b|\bimport\.meta\b/g)).toEqual([]);
  });
});

describe('files', () => {
  test('lie in the folders of the layout', () => {
    expect(files.filter((path) => !topLevel.has(path.split('/')[0] ?? path))).toEqual([]);
  });

  test('are named for what they are about, in kebab-case', () => {
    const isWellNamed = (path: string) => {
      const [name = '', extension] =
        path
          .split('/')
          .at(-1)
          ?.split(/\.(.*)/) ?? [];
      return /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) && (extension === 'html' || !emptyNames.test(name));
    };
    expect(files.filter((path) => !isWellNamed(path))).toEqual([]);
  });

  test('export by name', () => {
    expect(findAll(/^\s*export default\b|\bas default\b/gm)).toEqual([]);
  });
});

describe('effects', () => {
  test('writing to the console is left to cli and telemetry', () => {
    expect(findAll(/\bconsole\.\w+/g, ({ folder }) => folder !== 'cli' && folder !== 'telemetry')).toEqual([]);
  });

  test('time, chance and environment are passed into the engines', () => {
    const effects = /\bprocess\.env\b|\bDate\.now\b|\bperformance\.now\b|\bnew Date\(\)|\bMath\.random\b/g;
    expect(findAll(effects, ({ folder, path }) => engines.has(folder) && path !== clockHome)).toEqual([]);
  });
});

describe('the gateway', () => {
  const isGateway = ({ folder }: Source) => folder === 'gateway';

  test('knows formats by their contracts, not by name', () => {
    const names = /'(?:chat_completions|responses|messages|generate_content|converse|cohere|ollama)'/g;
    expect(findAll(names, isGateway)).toEqual([]);
    const folders = sources.filter(isGateway).flatMap((source) => targets(source).filter(isFormatFolder));
    expect(folders).toEqual([]);
  });
});

/** True of a file in one format's own folder. */
function isFormatFolder(path: string): boolean {
  return /^protocols\/[^/]+\//.test(path);
}

/** What every folder of a generating format has, by the sides that it speaks. */
const recipe = {
  both: { 'wire.ts': ['formatId', 'protocol'] },
  client: {
    'inbound.ts': ['inbound'],
    'finish-reason.ts': ['encodeFinishReason'],
    'client/facts.ts': ['requestFacts'],
    'client/decode-request.ts': ['decodeRequest'],
    'client/encode-response.ts': ['encodeResponse'],
    'client/encode-stream.ts': ['streamEncoder'],
  },
  upstream: {
    'outbound.ts': ['outbound'],
    'finish-reason.ts': ['decodeFinishReason'],
    'upstream/encode-request.ts': ['encodeRequest'],
    'upstream/decode-response.ts': ['decodeResponse'],
    'upstream/decode-stream.ts': ['streamDecoder'],
  },
  passthrough: { 'inspector.ts': ['inspector'] },
  /** Where errors are not simply those of all OpenAI's formats, which `protocols/openai` has. */
  renderedErrors: { 'errors.ts': ['errorRenderer'] },
  classifiedErrors: { 'errors.ts': ['classifyError'] },
} as const satisfies Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

const generating: Readonly<Record<string, readonly (keyof typeof recipe)[]>> = {
  'anthropic-messages': ['both', 'client', 'upstream', 'passthrough', 'renderedErrors', 'classifiedErrors'],
  'bedrock-converse': ['both', 'upstream', 'classifiedErrors'],
  cohere: ['both', 'upstream', 'classifiedErrors'],
  gemini: ['both', 'client', 'upstream', 'passthrough', 'renderedErrors', 'classifiedErrors'],
  ollama: ['both', 'client', 'renderedErrors'],
  'openai-chat': ['both', 'client', 'upstream', 'passthrough'],
  'openai-completions': ['both', 'client', 'passthrough'],
  'openai-responses': ['both', 'client', 'upstream', 'passthrough', 'renderedErrors'],
};

/** Folders of what several formats share. */
const homes: ReadonlySet<string> = new Set(['openai', 'claude', 'rerank']);

function isExported(code: string, name: string): boolean {
  return new RegExp(`^export (?:function|const) ${name}\\b`, 'm').test(code);
}

describe('a format that generates', () => {
  const codes = new Map(sources.map(({ path, code }) => [path, code]));

  test.each(Object.entries(generating))('has its files and exports by the recipe: %s', (folder, roles) => {
    const missing = roles.flatMap((role) =>
      Object.entries<readonly string[]>(recipe[role]).flatMap(([file, names]) =>
        names
          .filter((name) => !isExported(codes.get(`protocols/${folder}/${file}`) ?? '', name))
          .map((name) => `${file}: ${name}`),
      ),
    );
    expect(missing).toEqual([]);
  });

  test('takes nothing but the wire from the folder of another: what several share has a home of its own', () => {
    const folderOf = (path: string) => /^protocols\/([^/]+)\//.exec(path)?.[1];
    const borrowed = sources.flatMap((source) => {
      const own = folderOf(source.path);
      return targets(source)
        .filter((path) => folderOf(path) !== undefined && folderOf(path) !== own && own !== undefined)
        .filter((path) => !homes.has(folderOf(path) ?? '') && !path.endsWith('/wire.ts'))
        .map((path) => `${source.path} imports ${path}`);
    });
    expect(borrowed).toEqual([]);
  });

  test('is in the table when it has a side of its own', () => {
    const folders = sources.flatMap(
      ({ path }) => /^protocols\/([^/]+)\/(?:inbound|outbound)\.ts$/.exec(path)?.[1] ?? [],
    );
    expect([...new Set(folders)].sort()).toEqual(Object.keys(generating).sort());
  });

  test('decodes requests and encodes answers for clients, and the reverse for upstreams', () => {
    const wrong = files.filter(
      (path) =>
        /^protocols\/[^/]+\/client\/(?:encode-request|decode-(?:response|stream))\.ts$/.test(path) ||
        /^protocols\/[^/]+\/upstream\/(?:decode-request|encode-(?:response|stream))\.ts$/.test(path) ||
        /^protocols\/.*-(?:in|out)\.ts$/.test(path),
    );
    expect(wrong).toEqual([]);
  });
});
