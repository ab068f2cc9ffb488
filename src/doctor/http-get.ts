import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { collect } from '../core/collect.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Longest body that is read. Bytes. */
const maxBytes = 8 * 1024 * 1024;

/** A GET on this machine, past any proxy. Rejects with Node's error, when no answer came in time, or one that is too long. */
export function httpGet(
  url: string,
  options: { readonly headers?: Readonly<Record<string, string>>; readonly timeoutMs: number },
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(options.timeoutMs);
    // No agent: a kept connection would keep the command from ending.
    const asking = request(url, { headers: options.headers ?? {}, signal, agent: false }, (response) => {
      readAnswer(response).then(resolve, reject);
    });
    asking.on('error', reject);
    asking.end();
  });
}

async function readAnswer(response: IncomingMessage): Promise<HttpAnswer> {
  const { bytes, isCut } = await collect(response, maxBytes);
  if (isCut) throw new Error(`the answer is longer than ${maxBytes} bytes`);
  return { status: response.statusCode ?? 0, headers: response.headers, body: bytes.toString('utf8') };
}
