import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asObject } from '../protocols/fields.ts';
import { parseJson } from './answer.ts';

/** A file's text, or undefined when it cannot be read: not having LM Studio is the normal case. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** The port LM Studio's server was last told to use, from its own file under the user's home. */
export async function lmStudioPort(homeDirectory: string): Promise<number | undefined> {
  const pointer = (await textOf(join(homeDirectory, '.lmstudio-home-pointer')))?.trim();
  const homes = [pointer, join(homeDirectory, '.lmstudio'), join(homeDirectory, '.cache', 'lm-studio')];
  for (const home of homes) {
    if (home === undefined || home === '') continue;
    const text = await textOf(join(home, '.internal', 'http-server-config.json'));
    const port = asObject(parseJson(text ?? ''))?.port;
    if (typeof port === 'number' && Number.isInteger(port) && port > 0 && port <= 65_535) return port;
  }
  return undefined;
}
