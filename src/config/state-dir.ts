import { pathsOf, type Surroundings } from './find.ts';

/**
 * Where the program keeps what it writes: trust, running routers, the ledger. `$ROUTER_STATE_DIR`, else
 * `$ROUTER_HOME/state`, else the platform's place. The first writer makes it, for its owner only.
 */
export function stateDirectory(where: Surroundings): string {
  const path = pathsOf(where);
  const { environment, homeDirectory: home } = where;
  const own = environment.ROUTER_STATE_DIR;
  if (own !== undefined && own !== '') return path.resolve(where.cwd, own);
  const routerHome = environment.ROUTER_HOME;
  if (routerHome !== undefined && routerHome !== '') return path.resolve(where.cwd, routerHome, 'state');
  const xdg = environment.XDG_STATE_HOME;
  if (xdg !== undefined && path.isAbsolute(xdg)) return path.join(xdg, 'router');
  if (where.platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'router');
  if (where.platform !== 'win32') return path.join(home, '.local', 'state', 'router');
  return path.join(environment.LOCALAPPDATA ?? path.join(home, 'AppData', 'Local'), 'router');
}
