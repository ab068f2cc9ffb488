import { readFileSync } from 'node:fs';

/** The kernel's unit for times in /proc: USER_HZ, 100 a second on every platform that Node runs on. */
const tickMs = 10;

/** CPU time that a process has used so far, in user and kernel mode, over all its threads. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name in parentheses and may hold anything; utime and stime are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

/** What a process holds in RAM now, in units of 10^6 bytes. */
export interface Resident {
  readonly totalMb: number;
  /** Pages of its program file and libraries, which the system may drop and read again. */
  readonly filesMb: number;
}

export function resident(pid: number): Resident {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name: string) => {
    const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    return (Number(kib) * 1_024) / 1e6;
  };
  return { totalMb: megabytes('VmRSS'), filesMb: megabytes('RssFile') };
}

/** The soft limit of this process and, since they inherit it, of those it starts. Node raises it to the hard one. */
export function openFilesLimit(): number {
  return Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return (low + high) / 2;
}

/** Two things measured in turn, and the first over the second within each turn. */
export interface Pairs {
  readonly first: readonly number[];
  readonly second: readonly number[];
  readonly ratios: readonly number[];
}

/** ABAB…: what else the machine does meanwhile falls on both alike. */
export async function inTurn(pairs: number, a: () => Promise<number>, b: () => Promise<number>): Promise<Pairs> {
  const [first, second]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < pairs; turn += 1) {
    first.push(await a());
    second.push(await b());
  }
  return { first, second, ratios: first.map((value, turn) => value / (second[turn] ?? Number.NaN)) };
}

/** `router 41.2 µs, nginx 9.8 µs, 4.1–4.4 over 5 pairs`. */
export function pairText({ first, second, ratios }: Pairs, names: readonly [string, string], unit: string): string {
  const [a, b] = [median(first), median(second)].map((value) => `${significant(value)}${unit}`);
  const range = `${significant(Math.min(...ratios))}–${significant(Math.max(...ratios))}`;
  return `${names[0]} ${a}, ${names[1]} ${b}; ${range} over ${ratios.length} pairs`;
}

/** Three digits that mean something, never an exponent. */
export function significant(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
