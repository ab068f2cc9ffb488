import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadFiles, problemsOf } from '../../unit/config/load-text.ts';

const directory = join(import.meta.dirname, 'bad');
const environment = { SET_TEXT: 'several', SET_SECRET: 'sk-secret-value' };

/** Every `bad/<name>.yaml` must give the lines of `bad/<name>.txt`, no more and no less. */
describe('a file with mistakes', () => {
  const names = readdirSync(directory).filter((name) => name.endsWith('.yaml'));
  it.each(names)('%s is told with every problem at its place', async (name) => {
    const text = readFileSync(join(directory, name), 'utf8');
    const problems = problemsOf(() => loadFiles({ [`/work/${name}`]: text }, { explicit: [name], environment }));
    const lines = `${problems.join('\n')}\n`;
    await expect(lines).toMatchFileSnapshot(join(directory, name.replace('.yaml', '.txt')));
    expect(lines).not.toContain('secret-value');
  });
});
