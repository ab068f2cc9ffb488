import { createServer } from 'node:net';
import { errorCode } from '../config/files.ts';
import { type Address, parseListen } from '../config/listen.ts';
import type { Check, CheckResult } from './check.ts';
import { portOwner } from './port-owner.ts';

/** Whether `serve` could listen, or does already. */
export const checkPort: Check = async ({ loaded, running }) => {
  const subject = loaded.config.server.listen;
  const address = parseListen(subject);
  if (address === undefined) return [];
  const result = (status: CheckResult['status'], message: string, fix?: string): readonly CheckResult[] => [
    { check: 'port', subject, status, message, fix },
  ];
  const code = await listenProblem(address);
  if (code === undefined) return result('ok', 'is free');
  if (code !== 'EADDRINUSE') return result('fail', `cannot be listened on (${code})`, 'choose another server.listen');
  const own = running.find(({ port }) => port === address.port);
  if (own !== undefined) return result('ok', `a router runs there (pid ${own.pid})`);
  const owner = await portOwner(address);
  return result(
    'fail',
    `is taken${owner === undefined ? '' : ` by ${owner}`}`,
    'stop it, or choose another server.listen',
  );
};

/** Node's code for why it cannot be listened on. */
function listenProblem({ host, port }: Address): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(errorCode(error) ?? String(error)));
    server.listen({ host, port }, () => server.close(() => resolve(undefined)));
  });
}
