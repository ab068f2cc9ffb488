import { errorCode } from '../config/files.ts';
import type { Address } from '../config/listen.ts';
import { portOwner } from '../doctor/port-owner.ts';
import { CommandError } from './report.ts';

/** Node's error of `listen` in words: which address, why, and by whom it is taken. */
export async function listenError(thrown: unknown, { host, port }: Address): Promise<CommandError> {
  const shownHost = host.includes(':') ? `[${host}]` : host;
  const place = `${shownHost}:${port}`;
  switch (errorCode(thrown)) {
    case 'EADDRINUSE': {
      const owner = await portOwner({ host, port });
      const by = owner === undefined ? '' : ` by ${owner}`;
      return new CommandError('address_in_use', `${place} is taken${by}`, {
        hint: `stop it, or take a free port: router serve --listen ${shownHost}:0`,
      });
    }
    case 'EACCES':
      return new CommandError('address_forbidden', `this user may not listen on ${place}`, {
        hint: 'ports below 1024 are reserved; choose another with --listen',
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAFNOSUPPORT':
      return new CommandError('address_unknown', `${place} is not an address of this machine`, {
        hint: 'listen on 127.0.0.1, or on 0.0.0.0 for every address',
      });
    default:
      return new CommandError('listen_failed', `cannot listen on ${place}: ${String(thrown)}`);
  }
}
