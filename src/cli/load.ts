import { catalogueKnowledge } from '../config/catalogue-knowledge.ts';
import { readEnvironment } from '../config/env.ts';
import { type Files, systemFiles } from '../config/files.ts';
import type { Environment } from '../config/interpolate.ts';
import { ConfigError, IssueList } from '../config/issues.ts';
import type { Knowledge } from '../config/knowledge.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { stateDirectory } from '../config/state-dir.ts';
import { createTrustStore, type TrustStore } from '../config/trust.ts';
import { untrustedUses } from '../config/untrusted-uses.ts';
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
  const loaded = readFor(context, choices);
  const store = createTrustStore(stateDirectory(context));
  if (loaded.foundBy === 'explicit') rememberTrust(store, loaded.paths);
  if (loaded.foundBy === 'working-directory') demandTrust(store, loaded);
  return loaded;
}

/** The same without asking whether it is trusted, for commands that send nothing anywhere. */
export function readFor(context: Context, choices: LoadChoices = {}): LoadedConfig {
  const { cwd, environment, homeDirectory, platform, options } = context;
  const knowledge = knowledgeOf(context);
  return loadConfig({ cwd, environment, homeDirectory, platform, explicit: options.config, knowledge, ...choices });
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

function demandTrust(store: TrustStore, loaded: LoadedConfig): void {
  const uses = untrustedUses(loaded.tree, loaded.environment);
  const isTrusted = loaded.paths.every((path) => store.isTrusted(path));
  if (uses.length > 0 && !isTrusted) throw new ConfigError(uses);
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

/** The environment with the `.env` that lies, or would lie, beside a configuration at `path`. */
export function environmentBeside(context: Context, path: string): Environment {
  const issues = new IssueList();
  const environment = readEnvironment([path], context.environment, { files: systemFiles, report: issues.report });
  if (issues.errors.length > 0) throw new ConfigError(issues.errors);
  return environment;
}

function knowledgeOf({ environment }: Context): Knowledge {
  return catalogueKnowledge({ isForbiddenHost: isMetadataHost, environment, builtIn: ['demo'] });
}
