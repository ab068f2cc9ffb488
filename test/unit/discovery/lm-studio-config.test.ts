import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lmStudioPort } from '../../../src/discovery/lm-studio-config.ts';

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'router-home-'));
});
afterEach(() => rm(home, { recursive: true }));

async function configure(directory: string, content: string): Promise<void> {
  await mkdir(join(directory, '.internal'), { recursive: true });
  await writeFile(join(directory, '.internal', 'http-server-config.json'), content);
}

it('is unknown without LM Studio, or with a file that says nothing usable', async () => {
  expect(await lmStudioPort(home)).toBeUndefined();
  await configure(join(home, '.lmstudio'), '{"port":"1234"}');
  expect(await lmStudioPort(home)).toBeUndefined();
  await configure(join(home, '.lmstudio'), 'not json');
  expect(await lmStudioPort(home)).toBeUndefined();
});

it('stands in the home that the pointer names, else in the usual one, else in the old one', async () => {
  await configure(join(home, '.cache', 'lm-studio'), '{"port":1111}');
  expect(await lmStudioPort(home)).toBe(1111);
  await configure(join(home, '.lmstudio'), '{"port":2222,"networkInterface":"127.0.0.1"}');
  expect(await lmStudioPort(home)).toBe(2222);
  await configure(join(home, 'elsewhere'), '{"port":3333}');
  await writeFile(join(home, '.lmstudio-home-pointer'), `${join(home, 'elsewhere')}\n`);
  expect(await lmStudioPort(home)).toBe(3333);
});
