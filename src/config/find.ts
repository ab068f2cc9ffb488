import { posix, win32 } from 'node:path';
import type { Files } from './files.ts';
import type { Environment } from './interpolate.ts';

/** `working-directory`: merely lay there, so it is not trusted with the user's keys (see `trust.ts`). */
export type FoundBy = 'explicit' | 'working-directory' | 'home' | 'xdg' | 'none';

/** Who runs the program, and where. */
export interface Surroundings {
  readonly cwd: string;
  readonly environment: Environment;
  readonly homeDirectory: string;
  readonly platform: NodeJS.Platform;
}

export interface Found {
  /** Absolute, in the order they are merged. Those of `-c` and `$ROUTER_HOME` may be missing, which reading tells. */
  readonly paths: readonly string[];
  readonly foundBy: FoundBy;
  /** A file that looks as if it were meant but is not read. */
  readonly ignored: string | undefined;
}

/** `-c` → `./router.yaml` → `./bitrouter.yaml` → `$ROUTER_HOME` → the user's configuration directory → none. */
export function findConfig(explicit: readonly string[], where: Surroundings, files: Files): Found {
  const path = pathsOf(where);
  if (explicit.length > 0) {
    return { paths: explicit.map((file) => path.resolve(where.cwd, file)), foundBy: 'explicit', ignored: undefined };
  }
  const users = path.join(userConfigDirectory(where), 'router.yaml');
  const home = where.environment.ROUTER_HOME;
  const here = placesHere(where).find(files.exists);
  if (here !== undefined) {
    // The user's own place stays that for somebody who stands in it.
    const isHome = home !== undefined && here === path.join(home, 'router.yaml');
    const foundBy = here === users ? 'xdg' : isHome ? 'home' : 'working-directory';
    return { paths: [here], foundBy, ignored: undefined };
  }
  const ignored = ['router.yml', 'bitrouter.yml'].map((name) => path.join(where.cwd, name)).find(files.exists);
  if (home !== undefined && home !== '') {
    return { paths: [path.resolve(where.cwd, home, 'router.yaml')], foundBy: 'home', ignored };
  }
  return files.exists(users) ? { paths: [users], foundBy: 'xdg', ignored } : { paths: [], foundBy: 'none', ignored };
}

/** Where a file may lie in the working directory, likeliest first. */
export function placesHere(where: Surroundings): readonly string[] {
  return ['router.yaml', 'bitrouter.yaml'].map((name) => pathsOf(where).join(where.cwd, name));
}

/** `$XDG_CONFIG_HOME/router`, `~/.config/router`; on Windows `%APPDATA%\router`. */
function userConfigDirectory(where: Surroundings): string {
  const path = pathsOf(where);
  const xdg = where.environment.XDG_CONFIG_HOME;
  // The specification wants relative values ignored.
  if (xdg !== undefined && path.isAbsolute(xdg)) return path.join(xdg, 'router');
  if (where.platform !== 'win32') return path.join(where.homeDirectory, '.config', 'router');
  return path.join(where.environment.APPDATA ?? path.join(where.homeDirectory, 'AppData', 'Roaming'), 'router');
}

/** Path rules of the platform asked about, which in tests is not the one that runs. */
export function pathsOf(where: Pick<Surroundings, 'platform'>): typeof posix {
  return where.platform === 'win32' ? win32 : posix;
}
