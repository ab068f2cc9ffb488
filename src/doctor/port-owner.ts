import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Address } from '../config/listen.ts';
import { connectUrl } from './connect-url.ts';
import { httpGet } from './http-get.ts';

const askMs = 500;

/** Who listens there, as far as it can be found out: `another router`, `nginx (pid 12)`. */
export async function portOwner(address: Address): Promise<string | undefined> {
  const found = processOn(address.port);
  const suffix = found === undefined ? '' : ` (pid ${found.pid})`;
  if (await isRouter(address)) return `another router${suffix}`;
  return found === undefined ? undefined : `${found.name}${suffix}`;
}

async function isRouter({ host, port }: Address): Promise<boolean> {
  try {
    const { headers } = await httpGet(`${connectUrl(host, port)}/livez`, { timeoutMs: askMs });
    return headers['x-router-request-id'] !== undefined;
  } catch {
    return false;
  }
}

interface Owner {
  readonly pid: number;
  readonly name: string;
}

/** By the kernel's table of sockets, where there is one (Linux), among the processes this user may look at. */
function processOn(port: number): Owner | undefined {
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeningInodes(table, port)));
  if (inodes.size === 0) return undefined;
  const pids = names('/proc').filter((name) => /^\d+$/.test(name));
  const pid = pids.find((one) => names(`/proc/${one}/fd`).some((fd) => inodes.has(inodeOf(`/proc/${one}/fd/${fd}`))));
  return pid === undefined ? undefined : { pid: Number(pid), name: text(`/proc/${pid}/comm`).trim() || 'a process' };
}

/** Column 2 is address:port in hexadecimal, 4 the state (0A listens), 10 the inode. */
function listeningInodes(table: string, port: number): readonly string[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = text(table)
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  return rows.filter((row) => row[1]?.endsWith(wanted) && row[3] === '0A').map((row) => row[9] ?? '');
}

function inodeOf(link: string): string {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(link))?.[1] ?? '-';
  } catch {
    return '-';
  }
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
