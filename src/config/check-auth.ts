import { isIPv6 } from 'node:net';
import { type CheckContext, repeated } from './check-context.ts';
import { hostPortProblem } from './host-port.ts';
import { missingValue } from './interpolate.ts';
import { isLoopbackHost, parseListen } from './listen.ts';
import type { Config } from './schema.ts';
import { keyMarkAt, markAt, nodeAt } from './tree.ts';

/** On when `auth.enabled` is true, or unset while a key exists; `skip_auth: true` takes requests without a key. */
export function isAuthOn(config: Config): boolean {
  if (config.server.skip_auth === true) return false;
  return config.auth.enabled ?? config.auth.keys.length > 0;
}

/** Contradictions about who may call, and a listener that would let everybody in. */
export function checkAuth(context: CheckContext): void {
  checkSwitches(context);
  checkKeys(context);
  checkListener(context);
}

function checkSwitches({ config, tree, written, report }: CheckContext): void {
  const skipPath = ['server', 'skip_auth'];
  const enabledPath = ['auth', 'enabled'];
  const keys = nodeAt(written, ['auth', 'keys']);
  const hasKeys = keys?.kind === 'list' && keys.items.length > 0;
  const { skip_auth: skip } = config.server;
  const { enabled } = config.auth;
  if (skip === true && enabled === true) {
    const message = '"skip_auth: true" contradicts "auth.enabled: true"';
    report(keyMarkAt(tree, skipPath), skipPath, { message, hint: 'keep one of them' });
  } else if (skip === false && enabled === false) {
    const message = '"skip_auth: false" contradicts "auth.enabled: false"';
    report(keyMarkAt(tree, skipPath), skipPath, { message, hint: 'keep one of them' });
  } else if ((skip === false || enabled === true) && !hasKeys) {
    const path = enabled === true ? enabledPath : skipPath;
    const message = 'a key is required, but none is declared, so every request would be refused';
    report(keyMarkAt(tree, path), path, { message, hint: 'add one under auth.keys, or set server.skip_auth: true' });
  } else if (hasKeys && (skip === true || enabled === false)) {
    const path = skip === true ? skipPath : enabledPath;
    const message = 'keys are declared, but requests are taken without one';
    report(keyMarkAt(tree, path), path, { message, hint: 'remove this line to ask for them', severity: 'warning' });
  }
}

function checkKeys({ config, tree, report }: CheckContext): void {
  for (const field of ['name', 'key'] as const) {
    const values = config.auth.keys.map((key) => key[field]);
    // On a machine without secrets all unset variables look alike.
    for (const index of repeated(values).filter((at) => values[at] !== missingValue)) {
      const path = ['auth', 'keys', index, field];
      const message = field === 'name' ? 'another key has this name' : 'this key is declared twice';
      report(markAt(tree, path), path, { message, hint: 'give each key its own' });
    }
  }
}

function checkListener({ config, tree, report }: CheckContext): void {
  const host = parseListen(config.server.listen)?.host;
  if (host === undefined || (!isIPv6(host) && hostPortProblem(host) !== undefined)) {
    const path = ['server', 'listen'];
    report(markAt(tree, path), path, { message: 'this is not an address to listen on', hint: 'write host:port' });
    return;
  }
  if (isLoopbackHost(host) || isAuthOn(config) || config.server.insecure) return;
  // Keys that are asked for but missing are a problem of their own.
  if (config.auth.enabled === true && config.server.skip_auth !== true) return;
  const path = ['server', 'listen'];
  report(markAt(tree, path), path, {
    message: 'other machines could use this router without a key',
    hint: 'add a key under auth.keys, listen on 127.0.0.1, or set server.insecure: true',
  });
}
