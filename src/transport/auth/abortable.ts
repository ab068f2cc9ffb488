import { GatewayError } from '../../core/errors.ts';

/**
 * Waits for something shared: a caller that leaves stops waiting, and the others still get it. Throws `client_closed`.
 */
export function abortable<T>(shared: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(new GatewayError('client_closed', 'The client left while a credential was awaited.'));
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    shared.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
