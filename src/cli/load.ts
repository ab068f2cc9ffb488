import { hostname, networkInterfaces } from 'node:os';
import { keyVariableHosts, providerTypes } from '../catalogue/catalogue.ts';
import { catalogueKnowledge } from '../config/catalogue-knowledge.ts';
import { readEnvironment } from '../config/env.ts';
import { type Files, readOnce, systemFiles } from '../config/files.ts';
import type { Found } from '../config/find.ts';
import type { Environment } from '../config/interpolate.ts';
import { ConfigError, IssueList } from '../config/issues.ts';
import type { Knowledge } from '../config/knowledge.ts';
import { type LoadedConfig, type LoadOptions, loadConfig } from '../config/load.ts';
import { stateDirectory } from '../config/state-dir.ts';
import { createTrustStore, type TrustStore } from '../config/trust.ts';
import { isMetadataHost } from '../transport/address.ts';
import type { Context } from './context.ts';

export interface LoadChoices {
  /** Of `--listen`. */
  readonly listen?: string | undefined;
  readonly missingVariables?: 'error' | 'warn' | undefined;
}

/**
 * The configuration as this command line means it. Throws a ConfigError with all problems, among them what an
 * untrusted file may not do. Naming a file vouches for it.
 */
export function loadFor(context: Context, choices: LoadChoices = {}): LoadedConfig {
  const { store, files } = openStore(context);
  const loaded = loadFrom(context, { ...choices, files, isTrusted: vouchedFor(store) });
  if (loaded.foundBy === 'explicit') rememberTrust(store, loaded.paths);
  // A file that is vouched for while it is in use comes into force like one that was saved.
  return loaded.foundBy === 'explicit' ? loaded : { ...loaded, watched: [...loaded.watched, store.path] };
}

/** The same for a look at the file alone: nothing is sent anywhere, and nothing remembered. */
export function readFor(context: Context, choices: LoadChoices = {}): LoadedConfig {
  const { store, files } = openStore(context);
  return loadFrom(context, { ...choices, files, isTrusted: vouchedFor(store) });
}

/** Of a router that runs: its files may have changed since they were named, so only those that are known count. */
export function readRunning(context: Context): LoadedConfig {
  const { store, files } = openStore(context);
  return loadFrom(context, { missingVariables: 'warn', files, isTrusted: ({ paths }) => paths.every(store.isTrusted) });
}

/** Files are read once: the bytes that are judged are the ones that are used. */
function openStore(context: Context): { readonly store: TrustStore; readonly files: Files } {
  const files = readOnce(systemFiles);
  return { store: createTrustStore(stateDirectory(context), files), files };
}

function vouchedFor(store: TrustStore): (found: Found) => boolean {
  return ({ foundBy, paths }) => foundBy !== 'working-directory' || paths.every(store.isTrusted);
}

type Source = LoadChoices & Pick<LoadOptions, 'files' | 'isTrusted'>;

function loadFrom(context: Context, source: Source): LoadedConfig {
  const { cwd, environment, homeDirectory, platform, options } = context;
  const knowledge = knowledgeOf(context);
  return loadConfig({ cwd, environment, homeDirectory, platform, explicit: options.config, knowledge, ...source });
}

function rememberTrust(store: TrustStore, paths: readonly string[]): void {
  for (const path of paths) {
    if (store.isTrusted(path)) continue;
    try {
      store.trust(path);
    } catch {
      // This run does not need it; `doctor` and `serve` tell about a state directory that takes nothing.
    }
  }
}

const noFiles: Files = {
  read() {
    throw Object.assign(new Error('no files are read'), { code: 'ENOENT' });
  },
  exists: () => false,
};

/** As if there were no configuration anywhere. */
export function zeroConfig(context: Context): LoadedConfig {
  const { cwd, homeDirectory, platform } = context;
  const environment = { ...context.environment, ROUTER_HOME: undefined };
  return loadConfig({ cwd, environment, homeDirectory, platform, knowledge: knowledgeOf(context), files: noFiles });
}

/** Throws a ConfigError when this text would be no configuration at `path`. Variables may be unset here. */
export function checkText(context: Context, path: string, text: string): void {
  const { cwd, environment, homeDirectory, platform } = context;
  const files: Files = { ...noFiles, read: (name) => (name === path ? text : noFiles.read(name)) };
  const knowledge = knowledgeOf(context);
  const missingVariables = 'warn';
  loadConfig({ cwd, environment, homeDirectory, platform, explicit: [path], knowledge, missingVariables, files });
}

/** What a `.env` that lies, or would lie, beside a configuration at `path` adds to the environment. */
export interface EnvBeside {
  /** The environment, and of the `.env` the usual keys alone: a folder that was cloned may have brought it. */
  readonly environment: Environment;
  /** Variables of the `.env` that would lead the user's own keys to another host. */
  readonly redirections: readonly string[];
}

export function environmentBeside(context: Context, path: string): EnvBeside {
  const issues = new IssueList();
  const beside = readEnvironment([path], {}, { files: systemFiles, report: issues.report });
  if (issues.errors.length > 0) throw new ConfigError(issues.errors);
  const keys = Object.entries(beside).filter(([name]) => keyVariableHosts().has(name));
  const bases = providerTypes().flatMap(({ baseUrlVariables }) => baseUrlVariables);
  const isNew = (name: string) => beside[name] !== undefined && context.environment[name] === undefined;
  return { environment: { ...Object.fromEntries(keys), ...context.environment }, redirections: bases.filter(isNew) };
}

function ownAddresses(): readonly string[] {
  const inNetwork = Object.values(networkInterfaces()).flatMap((ones) => ones ?? []);
  return [...inNetwork.map(({ address }) => address), hostname().toLowerCase()];
}

function knowledgeOf({ environment }: Context): Knowledge {
  return catalogueKnowledge({ isForbiddenHost: isMetadataHost, environment, builtIn: ['demo'], ownAddresses });
}
