import { relative, sep } from 'node:path';
import { applySpellings } from './apply-spellings.ts';
import { checkAuth } from './check-auth.ts';
import { checkHosts } from './check-hosts.ts';
import { checkNames } from './check-names.ts';
import { checkOwnAddress } from './check-own-address.ts';
import { checkProviders } from './check-providers.ts';
import { envPath, readEnvironment } from './env.ts';
import { type Files, readProblem, systemFiles } from './files.ts';
import { type Found, type FoundBy, findConfig, placesHere, type Surroundings } from './find.ts';
import { type Environment, interpolate } from './interpolate.ts';
import { ConfigError, type ConfigIssue, IssueList, type Report } from './issues.ts';
import { type DisabledProvider, disableKeyless, withoutKeyless } from './keyless.ts';
import type { Knowledge } from './knowledge.ts';
import { joinListen, splitListen } from './listen.ts';
import { mergeTrees } from './merge.ts';
import { parseConfig } from './parse.ts';
import type { Config } from './schema.ts';
import { type ConfigNode, emptyMap, type MapNode } from './tree.ts';
import { isLink } from './trust.ts';
import { reportUntrustedUses, reportWithheld, trustHint, type Withholding } from './untrusted-uses.ts';
import { validate } from './validate.ts';
import { withheldProviders } from './withheld-providers.ts';

export interface LoadOptions extends Surroundings {
  /** Paths of `-c`, merged in order. */
  readonly explicit?: readonly string[] | undefined;
  readonly knowledge: Knowledge;
  /** `host:port` of a flag; over everything else. */
  readonly listen?: string | undefined;
  /** `warn`: check a file on a machine that has no secrets. `error` by default. */
  readonly missingVariables?: 'error' | 'warn' | undefined;
  readonly files?: Files | undefined;
  /** Asked about what was found. A file that is not trusted gets nothing of the user's. Left out, all are trusted. */
  readonly isTrusted?: ((found: Found, files: Files) => boolean) | undefined;
}

export interface LoadedConfig {
  /** Frozen. Disabled providers are in it with `active: false`. */
  readonly config: Config;
  /** Absolute; empty with zero config. */
  readonly paths: readonly string[];
  /**
   * What a change of makes the configuration stale: the files and the `.env` beside each, whether there or not; with
   * zero config the places where a file would be found.
   */
  readonly watched: readonly string[];
  readonly foundBy: FoundBy;
  readonly warnings: readonly ConfigIssue[];
  readonly disabledProviders: readonly DisabledProvider[];
  /** For `${VAR}` and provider keys only, see `readEnvironment`; of a file that is not trusted its `.env` alone. */
  readonly environment: Environment;
  /** False: what the user has is not for this file's providers, whatever they are. */
  readonly isTrusted: boolean;
}

/** Finds, reads and checks the configuration. Throws a `ConfigError` with every problem there is. */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const files = options.files ?? systemFiles;
  const found = findConfig(options.explicit ?? [], options, files);
  const issues = new IssueList();
  const reading = readingOf(found, { options, files, report: issues.report });
  const { environment, isTrusted, report } = reading;
  if (found.ignored !== undefined) {
    const mark = { file: displayPath(found.ignored, options.cwd), line: 0, column: 0 };
    report(mark, [], { message: 'this file is not read', hint: 'rename it to router.yaml', severity: 'warning' });
  }
  const start = startOf(found.paths, options.cwd);
  const trees = found.paths.map((path) => readTree(path, reading));
  const merged = trees.reduce<MapNode | undefined>((all, tree) => {
    return all === undefined || tree === undefined ? undefined : mergeTrees(all, tree);
  }, emptyMap(start));
  if (merged === undefined) throw new ConfigError(issues.errors);
  const listening = joinListen(merged, options.environment, options.listen, report);
  if (!isTrusted) reportUntrustedUses(listening, reading.withholding);
  const { tree, disabled } = disableKeyless(listening, report);
  const config = check(tree, options.knowledge, report);
  if (config === undefined || issues.errors.length > 0) throw new ConfigError(issues.errors);
  const withheld = isTrusted ? [] : withheldProviders(config, start, reading.withholding);
  return {
    config: freeze(withoutKeyless(config, disabled)),
    paths: found.paths,
    watched: found.foundBy === 'none' ? placesHere(options) : found.paths.flatMap((path) => [path, envPath(path)]),
    foundBy: found.foundBy,
    warnings: issues.warnings,
    disabledProviders: [...disabled, ...withheld],
    environment,
    isTrusted,
  };
}

interface Source {
  readonly options: LoadOptions;
  readonly files: Files;
  readonly report: Report;
}

/** How the files of one configuration are read, and what they are told. */
interface Reading extends Source {
  readonly environment: Environment;
  readonly isTrusted: boolean;
  readonly withholding: Withholding;
}

function readingOf(found: Found, source: Source): Reading {
  const { options, files, report } = source;
  const isTrusted = options.isTrusted?.(found, files) ?? true;
  // Where nothing is sent anywhere, what a file would use is worth a word and no more.
  const isMild = options.missingVariables === 'warn';
  const tell: Report = (mark, path, text) => report(mark, path, isMild ? { ...text, severity: 'warning' } : text);
  const links = isTrusted
    ? []
    : found.paths.flatMap((path) => [path, envPath(path)]).filter((path) => isLink(path, files));
  for (const path of links) {
    const mark = { file: displayPath(path, options.cwd), line: 0, column: 0 };
    tell(mark, [], { message: 'this is a link, which is only followed for a file that is trusted', hint: trustHint });
  }
  const readable = found.paths.filter((path) => !links.includes(envPath(path)));
  const environment = readEnvironment(readable, isTrusted ? options.environment : {}, { files, report });
  const withheld = isTrusted ? {} : options.environment;
  return { ...source, environment, isTrusted, withholding: { environment, withheld, report: tell } };
}

/** One file up to our spelling; undefined when it cannot be read or parsed, which is reported. */
function readTree(path: string, reading: Reading): MapNode | undefined {
  const { options, files, environment, report, isTrusted, withholding } = reading;
  const file = displayPath(path, options.cwd);
  let text: string;
  try {
    text = files.read(path);
  } catch (thrown) {
    report({ file, line: 0, column: 0 }, [], { message: readProblem(thrown) });
    return undefined;
  }
  const parsed = parseConfig(text, file, report);
  if (parsed === undefined) return undefined;
  const missing = options.missingVariables ?? 'error';
  const filled = interpolate(parsed, { environment, report, missing, withheld: withholding.withheld });
  if (filled.kind !== 'map') return undefined;
  if (!isTrusted) reportWithheld(filled, withholding.report);
  return splitListen(applySpellings(filled, report, options.knowledge), report);
}

function check(written: ConfigNode, knowledge: Knowledge, report: Report): Config | undefined {
  const valid = validate(written, report);
  if (valid === undefined) return undefined;
  const context = { ...valid, written, knowledge, report };
  checkAuth(context);
  checkHosts(context);
  checkProviders(context);
  checkOwnAddress(context);
  checkNames(context);
  return valid.config;
}

function startOf(paths: readonly string[], cwd: string) {
  const [first] = paths;
  return { file: first === undefined ? 'defaults' : displayPath(first, cwd), line: 0, column: 0 };
}

/** Relative below the working directory, where editors and people expect it so; absolute elsewhere. */
function displayPath(path: string, cwd: string): string {
  const near = relative(cwd, path);
  return near === '' || near.startsWith(`..${sep}`) || near === '..' ? path : near;
}

/** Frozen to the leaves: the snapshot is shared by everything that runs. */
function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) freeze(inner);
  return value;
}
