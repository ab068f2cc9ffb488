import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Bench } from './case.ts';

export interface Load {
  readonly url: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
}

/** As many clients as a busy machine's; also what the figures are stated for. */
export const connections = 64;

/** Posts the body over and over. Throws when an answer failed: then the figures would be of something else. */
export async function load(bench: Bench, { url, body, headers, connections, seconds }: Load): Promise<LoadResult> {
  const script = join(bench.directory, `load-${randomUUID()}.lua`);
  writeFileSync(script, lua(body, { 'content-type': 'application/json', ...headers }));
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', script, url];
  const { stdout } = await promisify(execFile)('wrk', args);
  const line = /^BENCH (.*)$/m.exec(stdout)?.[1];
  if (line === undefined) throw new Error(`wrk said nothing to use:\n${stdout}`);
  const [requests = 0, microseconds = 1, failures = 0, p50 = 0] = line.split(' ').map(Number);
  if (requests === 0) throw new Error(`nothing answered on ${url}`);
  if (failures > 0) throw new Error(`${failures} of ${requests} requests to ${url} failed`);
  return { requests, requestsPerSecond: (requests * 1e6) / microseconds, p50Ms: p50 / 1_000 };
}

function lua(body: string, headers: Readonly<Record<string, string>>): string {
  const quoted = (text: string) => `[==[${text}]==]`;
  return [
    'wrk.method = "POST"',
    `wrk.body = ${quoted(body)}`,
    ...Object.entries(headers).map(([name, value]) => `wrk.headers[ ${quoted(name)} ] = ${quoted(value)}`),
    'done = function(summary, latency)',
    '  local errors = summary.errors',
    '  local failures = errors.connect + errors.read + errors.write + errors.status + errors.timeout',
    '  local figures = { summary.requests, summary.duration, failures, latency:percentile(50) }',
    '  io.write("\\nBENCH " .. table.concat(figures, " ") .. "\\n")',
    'end',
  ].join('\n');
}
