import { catalogueKnowledge } from '../../../src/config/catalogue-knowledge.ts';
import type { Files } from '../../../src/config/files.ts';
import { ConfigError, type ConfigIssue, formatIssue } from '../../../src/config/issues.ts';
import { type LoadedConfig, type LoadOptions, loadConfig } from '../../../src/config/load.ts';
import { isMetadataHost } from '../../../src/transport/address.ts';

function errnoError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Files by absolute path; an `Error` as content is thrown when the file is read. */
export function memoryFiles(contents: Readonly<Record<string, string | Error>>): Files {
  return {
    read(path) {
      const content = contents[path];
      if (content === undefined) throw errnoError('ENOENT');
      if (content instanceof Error) throw content;
      return content;
    },
    exists: (path) => contents[path] !== undefined,
  };
}

/** Loads what lies in `/work`, by `-c` when `explicit` says so. */
export function loadFiles(
  contents: Readonly<Record<string, string | Error>>,
  options: Partial<LoadOptions> = {},
): LoadedConfig {
  const environment = options.environment ?? {};
  return loadConfig({
    cwd: '/work',
    homeDirectory: '/home/me',
    platform: 'linux',
    files: memoryFiles(contents),
    knowledge: catalogueKnowledge({ isForbiddenHost: isMetadataHost, environment }),
    ...options,
    environment,
  });
}

export function loadText(text: string, options: Partial<LoadOptions> = {}): LoadedConfig {
  return loadFiles({ '/work/router.yaml': text }, options);
}

/** What is wrong with a file, as printed; empty when it loads. */
export function problemsOf(load: () => unknown): readonly string[] {
  return issuesOf(load).map(formatIssue);
}

export function issuesOf(load: () => unknown): readonly ConfigIssue[] {
  try {
    load();
    return [];
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.issues;
    throw thrown;
  }
}
