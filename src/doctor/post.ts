import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Endpoint } from '../core/model.ts';
import { credentialHeaders } from '../transport/auth/credential.ts';
import type { Transport } from '../transport/client.ts';

export interface PostInput {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly endpoint: Endpoint;
  /** Below the endpoint's base. */
  readonly path: string;
  readonly body: unknown;
  /** The whole exchange. */
  readonly timeoutMs: number;
}

/** `late`: no end within the time given. */
export type PostResult =
  | { readonly kind: 'answer'; readonly status: number; readonly text: string }
  | { readonly kind: 'late' }
  | { readonly kind: 'failed'; readonly error: GatewayError };

/** Longest answer that is read. Bytes. */
const maxBytes = 8 * 1024 * 1024;

/** One request as the router sends them, its answer collected. Never rejects. */
export function post({ transport, clock, endpoint, path, body, timeoutMs }: PostInput): Promise<PostResult> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let status = 0;
    const done = (result: PostResult) => {
      timer.cancel();
      resolve(result);
    };
    const headers = { 'content-type': 'application/json', ...endpoint.headers, ...credentialHeaders(endpoint) };
    const request = {
      endpoint,
      method: 'POST' as const,
      url: endpoint.baseUrl + path,
      headers: Object.entries(headers).flat(),
      body: Buffer.from(JSON.stringify(body)),
    };
    const sending = transport.send(request, {
      onHeaders: (code) => {
        status = code;
      },
      onData: (chunk) => {
        size += chunk.length;
        chunks.push(chunk);
        if (size <= maxBytes) return;
        sending.abort();
        const text = `${endpoint.providerId} sent an answer over ${maxBytes} bytes.`;
        done({ kind: 'failed', error: new GatewayError('upstream_invalid', text) });
      },
      onEnd: () => done({ kind: 'answer', status, text: Buffer.concat(chunks).toString('utf8') }),
      onError: (error) => done({ kind: 'failed', error }),
    });
    const giveUp = () => {
      sending.abort();
      done({ kind: 'late' });
    };
    const timer = clock.setTimer(timeoutMs, giveUp, { keepAlive: true });
  });
}
