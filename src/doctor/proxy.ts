import type { Check } from './check.ts';

const proxyVariables = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'];
const loopbackNames = ['localhost', '127.0.0.1'];

/**
 * A proxy that swallows loopback: the router itself never sends loopback through one, but clients on this machine
 * would look for the router there.
 */
export const checkProxy: Check = async ({ environment }) => {
  const set = proxyVariables.filter((name) => (environment[name] ?? '') !== '');
  const subject = set.join(', ');
  if (set.length === 0) return [{ check: 'proxy', subject: 'proxy variables', status: 'ok', message: 'none is set' }];
  const exceptions = (environment.no_proxy ?? environment.NO_PROXY ?? '')
    .split(/[\s,]+/)
    .filter((entry) => entry !== '');
  const missing = loopbackNames.filter((name) => !exceptions.includes(name) && !exceptions.includes('*'));
  if (missing.length === 0) return [{ check: 'proxy', subject, status: 'ok', message: 'leaves loopback alone' }];
  const wanted = [...new Set([...exceptions, ...loopbackNames, '::1'])].join(',');
  const message = `is set and NO_PROXY lacks ${missing.join(' and ')}: clients here would not reach the router`;
  return [{ check: 'proxy', subject, status: 'warn', message, fix: `export NO_PROXY=${wanted}` }];
};
