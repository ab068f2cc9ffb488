import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** A fenced block of the README. */
export interface ReadmeBlock {
  /** What stands behind the fence: `sh`, `yaml`, … */
  readonly language: string;
  readonly text: string;
  /** Of its first line, in the file. */
  readonly line: number;
}

export const readme = readFileSync(resolve('README.md'), 'utf8');

export function readmeBlocks(): readonly ReadmeBlock[] {
  return [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    language: match[1] ?? '',
    text: match[2] ?? '',
    line: readme.slice(0, match.index).split('\n').length + 1,
  }));
}

/** The exit codes that it promises, by their meaning. */
export function readmeExitCodes(): ReadonlyMap<string, number> {
  const list = /Exit codes: ([^.]+)\./.exec(readme)?.[1] ?? '';
  return new Map(
    list.split(', ').map((item) => {
      const [, code, meaning] = /^(\d+) (.+)$/s.exec(item) ?? [];
      return [(meaning ?? '').replace(/\s+/g, ' '), Number(code)] as const;
    }),
  );
}
