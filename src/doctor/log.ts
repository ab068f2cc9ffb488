import type { Check, CheckResult, RunningRouter } from './check.ts';
import { httpGet } from './http-get.ts';

const askMs = 1_000;

/** Whether the routers that run here could write all of their log. */
export const checkLog: Check = async ({ running }) => (await Promise.all(running.map(checkOne))).flat();

async function checkOne(router: RunningRouter): Promise<readonly CheckResult[]> {
  const log = await logOf(router);
  if (log === undefined) return [];
  const about = { check: 'log', subject: router.url };
  if (log.lost_lines === 0) return [{ ...about, status: 'ok', message: 'all of its lines were written' }];
  const message = `${log.lost_lines} of its lines were lost: ${log.reason}`;
  return [{ ...about, status: 'warn', message, fix: 'free its disk, or start it with its stderr going elsewhere' }];
}

interface Log {
  readonly lost_lines: number;
  readonly reason: string | null;
}

/** Undefined for one that does not answer, or not yet with this. */
async function logOf({ url, adminToken }: RunningRouter): Promise<Log | undefined> {
  try {
    const headers = { authorization: `Bearer ${adminToken}` };
    const { status, body } = await httpGet(`${url}/admin/status`, { headers, timeoutMs: askMs });
    return status === 200 ? (JSON.parse(body) as { readonly log?: Log }).log : undefined;
  } catch {
    return undefined;
  }
}
