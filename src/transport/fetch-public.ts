import { request } from 'node:https';
import { GatewayError } from '../core/errors.ts';

/** Largest image that is fetched. Bytes. */
const maxBytes = 20 * 1024 * 1024;
const timeoutMs = 15_000;

export interface PublicAnswer {
  readonly status: number;
  readonly mediaType: string;
  readonly location: string | undefined;
  readonly body: Buffer;
}

/**
 * GET of an https URL at an address that was checked before: the name is not resolved again, so it cannot turn into
 * another address in between. Follows no redirect, sends no credential. Rejects with `unsupported`.
 */
export function fetchPublic(url: URL, address: string, signal: AbortSignal): Promise<PublicAnswer> {
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: unknown) =>
      reject(
        new GatewayError('unsupported', `The image at ${url.origin}${url.pathname} cannot be fetched: ${why}.`, {
          cause,
        }),
      );
    const family = address.includes(':') ? 6 : 4;
    const asked = request(
      url,
      {
        signal,
        timeout: timeoutMs,
        headers: { accept: 'image/*' },
        lookup: (_host, options, callback) => {
          if (options.all === true) callback(null, [{ address, family }]);
          else callback(null, address, family);
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          chunks.push(chunk);
          if (size <= maxBytes) return;
          asked.destroy();
          fail(`it is larger than ${maxBytes} bytes`);
        });
        response.on('error', (error) => fail('the connection broke', error));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            mediaType: (response.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '',
            location: response.headers.location,
            body: Buffer.concat(chunks),
          }),
        );
      },
    );
    asked.on('timeout', () => asked.destroy(new Error('timeout')));
    asked.on('error', (error) => fail('its server cannot be reached', error));
    asked.end();
  });
}
