import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../config/files.ts';
import type { Check } from './check.ts';

/** Where trust and running routers are remembered has to take files. */
export const checkStateDirectory: Check = async ({ stateDirectory: subject }) => {
  const draft = join(subject, `doctor.${process.pid}`);
  try {
    mkdirSync(subject, { recursive: true, mode: 0o700 });
    writeFileSync(draft, '');
    rmSync(draft);
    return [{ check: 'state', subject, status: 'ok', message: 'can be written' }];
  } catch (thrown) {
    const message = `cannot be written (${errorCode(thrown) ?? String(thrown)})`;
    const fix = 'make it yours, or set ROUTER_STATE_DIR to a directory that is';
    return [{ check: 'state', subject, status: 'warn', message, fix }];
  }
};
