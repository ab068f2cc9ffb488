import { readFileSync } from 'node:fs';
import { afterEach, expect, it, vi } from 'vitest';
import { collectGarbage } from '../../../src/cli/heap.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Bytes of this process in memory that are its own. */
function residentBytes(): number {
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
}

/** Holds one small buffer in many, as what lives on lies between what does not. */
function scattered(): readonly Buffer[] {
  const all = Array.from({ length: 40_000 }, () => Buffer.allocUnsafeSlow(8 * 1024).fill(1));
  return all.filter((_, at) => at % 1_000 === 0);
}

// Elsewhere the memory comes back by itself, or cannot be asked for.
it.runIf(process.platform === 'linux')('gives back freed memory that lies between what is in use', () => {
  collectGarbage();
  const before = residentBytes();
  const kept = scattered();
  const grown = residentBytes() - before;
  collectGarbage();
  expect(grown).toBeGreaterThan(250e6);
  expect(residentBytes() - before).toBeLessThan(0.2 * grown);
  expect(kept).toHaveLength(40);
});

it('says nothing of how', () => {
  const warned = vi.spyOn(process, 'emitWarning');
  collectGarbage();
  expect(warned).not.toHaveBeenCalled();
});
