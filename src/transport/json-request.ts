import { GatewayError } from '../core/errors.ts';
import { HeldBody } from '../core/held-body.ts';
import type { Endpoint } from '../core/model.ts';
import type { Reach } from './address.ts';
import { credentialHeaders } from './auth/credential.ts';
import type { Transport } from './client.ts';
import { loopAnswer } from './loop-answer.ts';

/** Largest listing that is read. Bytes. */
const maxBytes = 8 * 1024 * 1024;

/** Versions without which a protocol's API does not answer. */
const protocolHeaders: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  anthropic: { 'anthropic-version': '2023-06-01' },
};

export interface Look {
  readonly endpoint: Endpoint;
  /** Below the endpoint's base. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal: AbortSignal;
}

/** GET below the endpoint's base, parsed. Throws a GatewayError; `upstreamStatus` is set for a status but 200. */
export function getJson(transport: Transport, { endpoint, path, headers, signal }: Look): Promise<unknown> {
  return exchangeJson(transport, {
    endpoint,
    method: 'GET',
    url: endpoint.baseUrl + path,
    headers: { ...protocolHeaders[endpoint.type], ...headers },
    signal,
  });
}

export interface JsonRequest {
  readonly endpoint: Endpoint;
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** Beside the user's own and the credential; lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal: AbortSignal;
  /** How far its connection may go; `internet` when left out. */
  readonly limit?: Reach | undefined;
}

/** One small exchange of JSON with an upstream, read whole. Throws a GatewayError. */
export function exchangeJson(transport: Transport, request: JsonRequest): Promise<unknown> {
  const { endpoint, method, url, signal, limit } = request;
  return new Promise((resolve, reject) => {
    const answer = new HeldBody();
    let status = 0;
    let loop: GatewayError | undefined;
    const type = request.body === undefined ? undefined : { 'content-type': 'application/json' };
    const headers = {
      accept: 'application/json',
      ...type,
      ...request.headers,
      ...endpoint.headers,
      ...credentialHeaders(endpoint),
    };
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    const onAbort = () => {
      sending.abort();
      reject(signal.reason);
    };
    const settle = (act: () => void) => {
      signal.removeEventListener('abort', onAbort);
      act();
    };
    const sending = transport.send(
      { endpoint, method, url, headers: Object.entries(headers).flat(), body, limit },
      {
        onHeaders: (code, headers) => {
          status = code;
          loop = loopAnswer(endpoint, code, headers);
        },
        onData: (chunk) => {
          answer.add(chunk);
          if (answer.size <= maxBytes) return;
          sending.abort();
          settle(() =>
            reject(new GatewayError('upstream_invalid', `${endpoint.providerId} sent more than ${maxBytes} bytes.`)),
          );
        },
        onEnd: () =>
          settle(() => {
            if (loop !== undefined) return reject(loop);
            try {
              resolve(parse(endpoint, status, answer.bytes()));
            } catch (thrown) {
              reject(thrown);
            }
          }),
        onError: (error) => settle(() => reject(error)),
      },
    );
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

function parse(endpoint: Endpoint, status: number, body: Buffer): unknown {
  const who = endpoint.providerId;
  if (status === 401 || status === 403) {
    throw new GatewayError('upstream_unauthorized', `${who} refused the key.`, { upstreamStatus: status });
  }
  if (status !== 200)
    throw new GatewayError('upstream_failed', `${who} answered ${status}.`, { upstreamStatus: status });
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (thrown) {
    throw new GatewayError('upstream_invalid', `${who} did not answer with JSON.`, { cause: thrown });
  }
}
