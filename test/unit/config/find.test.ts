import { describe, expect, it } from 'vitest';
import { findConfig, type Surroundings } from '../../../src/config/find.ts';
import { stateDirectory } from '../../../src/config/state-dir.ts';
import { memoryFiles } from './load-text.ts';

const linux: Surroundings = { cwd: '/work', environment: {}, homeDirectory: '/home/me', platform: 'linux' };
const mac: Surroundings = { ...linux, homeDirectory: '/Users/me', platform: 'darwin' };
const windows: Surroundings = {
  cwd: 'C:\\work',
  environment: { APPDATA: 'C:\\Users\\me\\AppData\\Roaming', LOCALAPPDATA: 'C:\\Users\\me\\AppData\\Local' },
  homeDirectory: 'C:\\Users\\me',
  platform: 'win32',
};

const everywhere = [
  '/work/router.yaml',
  '/work/bitrouter.yaml',
  '/srv/home/router.yaml',
  '/xdg/router/router.yaml',
  '/home/me/.config/router/router.yaml',
];
const find = (existing: readonly string[], where = linux, explicit: readonly string[] = []) =>
  findConfig(explicit, where, memoryFiles(Object.fromEntries(existing.map((path) => [path, '']))));

describe('findConfig', () => {
  it('goes through the places in order', () => {
    const where = { ...linux, environment: { ROUTER_HOME: '/srv/home', XDG_CONFIG_HOME: '/xdg' } };
    expect(find(everywhere, where)).toMatchObject({ paths: ['/work/router.yaml'], foundBy: 'working-directory' });
    expect(find(everywhere.slice(1), where)).toMatchObject({
      paths: ['/work/bitrouter.yaml'],
      foundBy: 'working-directory',
    });
    expect(find(everywhere.slice(2), where)).toMatchObject({ paths: ['/srv/home/router.yaml'], foundBy: 'home' });
    const withoutHome = { ...linux, environment: { XDG_CONFIG_HOME: '/xdg' } };
    expect(find(everywhere.slice(3), withoutHome)).toMatchObject({
      paths: ['/xdg/router/router.yaml'],
      foundBy: 'xdg',
    });
    expect(find(everywhere.slice(3))).toMatchObject({ paths: [everywhere[4]], foundBy: 'xdg' });
    expect(find([])).toEqual({ paths: [], foundBy: 'none', ignored: undefined });
  });

  it("knows the user's own places by standing in them, and no folder that a variable calls the present one", () => {
    const at = (cwd: string, ROUTER_HOME?: string) => {
      return find([`${cwd}/router.yaml`], { ...linux, cwd, environment: { ROUTER_HOME } });
    };
    expect(at('/home/me/.config/router')).toMatchObject({ foundBy: 'xdg' });
    expect(at('/srv/home', '/srv/home/')).toMatchObject({ paths: ['/srv/home/router.yaml'], foundBy: 'home' });
    for (const home of ['.', '', '../work']) expect(at('/work', home).foundBy).toBe('working-directory');
  });

  it('wants the file of $ROUTER_HOME even when it is missing', () => {
    expect(find([], { ...linux, environment: { ROUTER_HOME: 'conf' } }).paths).toEqual(['/work/conf/router.yaml']);
  });

  it('takes explicit paths as they are, relative to the working directory', () => {
    expect(find(everywhere, linux, ['b.yaml', '/etc/c.yaml'])).toMatchObject({
      paths: ['/work/b.yaml', '/etc/c.yaml'],
      foundBy: 'explicit',
    });
  });

  it('ignores a relative $XDG_CONFIG_HOME', () => {
    expect(find(['/work/x/router/router.yaml'], { ...linux, environment: { XDG_CONFIG_HOME: 'x' } }).foundBy).toBe(
      'none',
    );
  });

  it('knows where Windows keeps settings', () => {
    const path = 'C:\\Users\\me\\AppData\\Roaming\\router\\router.yaml';
    expect(find([path], windows)).toMatchObject({ paths: [path], foundBy: 'xdg' });
  });
});

describe('stateDirectory', () => {
  it.each([
    [linux, {}, '/home/me/.local/state/router'],
    [linux, { XDG_STATE_HOME: '/state' }, '/state/router'],
    [linux, { XDG_STATE_HOME: 'relative' }, '/home/me/.local/state/router'],
    [linux, { XDG_STATE_HOME: '/state', ROUTER_HOME: '/srv' }, '/srv/state'],
    [linux, { ROUTER_HOME: '/srv', ROUTER_STATE_DIR: 'here' }, '/work/here'],
    [mac, {}, '/Users/me/Library/Application Support/router'],
    [windows, windows.environment, 'C:\\Users\\me\\AppData\\Local\\router'],
  ])('is the first place that applies (%#)', (where, environment, expected) => {
    expect(stateDirectory({ ...where, environment })).toBe(expected);
  });
});
