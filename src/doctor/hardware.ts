import { execFile } from 'node:child_process';
import { freemem, totalmem } from 'node:os';
import type { Check, CheckResult } from './check.ts';

const gigabyte = 1e9;
const askMs = 3_000;
/** The smallest models that are of use want about this much. Bytes. */
const littleMemory = 4 * gigabyte;

/** What there is for models to run on. */
export const checkHardware: Check = async () => [memory(), await gpu()];

function memory(): CheckResult {
  const total = totalmem();
  // What the kernel would give up for a program counts as free.
  const free = Math.max(freemem(), process.availableMemory());
  const message = `${gigabytes(free)} of ${gigabytes(total)} free`;
  if (total >= littleMemory) return { check: 'hardware', subject: 'memory', status: 'ok', message };
  const fix = 'use models below 3 billion parameters, or a hosted provider';
  return { check: 'hardware', subject: 'memory', status: 'warn', message: `${message}: little for a local model`, fix };
}

async function gpu(): Promise<CheckResult> {
  const common = { check: 'hardware', subject: 'GPU' } as const;
  if (process.platform === 'darwin' && process.arch === 'arm64') {
    return { ...common, status: 'ok', message: 'Apple GPU, which shares the memory' };
  }
  const lines = await nvidia();
  if (lines === undefined)
    return { ...common, status: 'skip', message: 'nvidia-smi found none: models run on the CPU' };
  return { ...common, status: 'ok', message: lines.join('; ') };
}

/** One line a GPU; undefined when there is no NVIDIA driver to ask. */
function nvidia(): Promise<readonly string[] | undefined> {
  const query = ['--query-gpu=name,memory.total,memory.free', '--format=csv,noheader'];
  return new Promise((resolve) => {
    execFile('nvidia-smi', query, { timeout: askMs }, (error, output) => {
      const lines = output.split('\n').filter((line) => line.trim() !== '');
      resolve(error === null && lines.length > 0 ? lines.map(gpuText) : undefined);
    });
  });
}

function gpuText(line: string): string {
  const [name, total, free] = line.split(',').map((part) => part.trim());
  return `${name}, ${free} of ${total} free`;
}

function gigabytes(bytes: number): string {
  return `${(bytes / gigabyte).toFixed(1)} GB`;
}
