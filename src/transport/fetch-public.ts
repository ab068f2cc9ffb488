import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { GatewayError } from '../core/errors.ts';
import { HeldBody } from '../core/held-body.ts';

export interface PublicFetch {
  readonly url: URL;
  /** Where the URL's host is, checked before. */
  readonly address: string;
  readonly signal: AbortSignal;
  /** Told of bytes before they are held; what it throws ends the fetch. */
  readonly onBytes: (bytes: number) => void;
}

export interface PublicAnswer {
  readonly status: number;
  /** Lower case, without parameters; '' when it was not said. */
  readonly mediaType: string;
  readonly location: string | undefined;
  /** Of an image with status 200; of anything else nothing is read. */
  readonly body: Buffer;
}

/**
 * GET of an image at an address that was checked before: the name is not resolved again, so it cannot turn into another
 * address in between. Follows no redirect, sends no credential, unpacks nothing. Has no time limit of its own: that is
 * the signal's. Rejects with `unsupported`, or with what `onBytes` threw.
 */
export function fetchPublic(fetch: PublicFetch): Promise<PublicAnswer> {
  const { url, address, signal } = fetch;
  return new Promise((resolve, reject) => {
    const family = address.includes(':') ? 6 : 4;
    const asked = request(url, {
      signal,
      // A kept connection is one more to a place that is asked once.
      agent: false,
      headers: { accept: 'image/*', 'accept-encoding': 'identity' },
      lookup: (_host, options, callback) => {
        if (options.all === true) callback(null, [{ address, family }]);
        else callback(null, address, family);
      },
    });
    const fail = (error: unknown) => {
      asked.destroy();
      reject(error instanceof GatewayError ? error : failed('its server cannot be reached', error));
    };
    asked.on('error', fail);
    asked.on('response', (response) => readAnswer(response, fetch).then(resolve, fail));
    asked.end();
  });
}

async function readAnswer(response: IncomingMessage, { onBytes }: PublicFetch): Promise<PublicAnswer> {
  const { statusCode: status = 0, headers } = response;
  const mediaType = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const { location } = headers;
  if (status !== 200 || !mediaType.startsWith('image/')) {
    response.destroy();
    return { status, mediaType, location, body: nothing };
  }
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw failed(`it is sent in the encoding ${encoding.slice(0, 40)}`);
  const body = new HeldBody();
  // A length that is too much is not waited for.
  const announced = Number(headers['content-length'] ?? 0);
  if (announced > 0) onBytes(announced);
  let counted = announced;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      body.add(chunk);
      if (body.size > counted) {
        onBytes(body.size - counted);
        counted = body.size;
      }
    }
  } catch (thrown) {
    throw thrown instanceof GatewayError ? thrown : failed('the connection broke', thrown);
  }
  return { status, mediaType, location, body: body.bytes() };
}

const nothing = Buffer.alloc(0);

function failed(why: string, cause?: unknown): GatewayError {
  return new GatewayError('unsupported', why, { cause });
}
