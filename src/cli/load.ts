import { catalogueKnowledge } from '../config/catalogue-knowledge.ts';
import { ConfigError } from '../config/issues.ts';
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
  const knowledge = catalogueKnowledge({ isForbiddenHost: isMetadataHost, environment, builtIn: ['demo'] });
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
