import { request as httpRequest, type IncomingMessage } from 'node:http';
import { collect } from '../../core/collect.ts';
import type { Endpoint } from '../../core/model.ts';
import { isLoopbackHost, isMetadataHost } from '../address.ts';
import type { Transport } from '../client.ts';
import type { FetchLike, TokenRequest, TokenResponse } from './fetch-like.ts';

/** A metadata service is on this machine or one hop away: longer silence means there is none. */
const metadataTimeoutMs = 1_000;
const hostedTimeouts = { connectMs: 5_000, firstTokenMs: 10_000, idleMs: 10_000, totalMs: 10_000 };
/** Largest answer that is read. Bytes. */
const maxBytes = 256 * 1024;

/**
 * Fetches credentials. Token services on the internet are asked through the same proxies and authorities as providers;
 * plain HTTP goes straight to this machine or to a cloud's metadata address and nowhere else. No redirect is followed.
 */
export function createTokenFetch(transport: Transport): FetchLike {
  return (request) => {
    const url = new URL(request.url);
    if (url.protocol === 'https:') return fetchHosted(transport, request, url);
    if (isLoopbackHost(url.hostname) || isMetadataHost(url.hostname)) return fetchPlain(request, url);
    return Promise.reject(new Error(`credentials are not fetched from ${url.host} without TLS`));
  };
}

function fetchPlain({ method, headers, body }: TokenRequest, url: URL): Promise<TokenResponse> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest(url, { method, headers, agent: false, signal: AbortSignal.timeout(metadataTimeoutMs) });
    asked.on('error', reject);
    asked.on('response', (response) => readAnswer(response).then(resolve, reject));
    asked.end(body);
  });
}

async function readAnswer(response: IncomingMessage): Promise<TokenResponse> {
  const { bytes, isCut } = await collect(response, maxBytes);
  if (isCut) throw new Error(`more than ${maxBytes} bytes`);
  return { status: response.statusCode ?? 0, body: bytes.toString('utf8') };
}

function fetchHosted(transport: Transport, request: TokenRequest, url: URL): Promise<TokenResponse> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let status = 0;
    const body = request.body === undefined ? undefined : Buffer.from(request.body);
    const method = request.method === 'GET' ? 'GET' : 'POST';
    const headers = Object.entries(request.headers).flat();
    const deadline = AbortSignal.timeout(hostedTimeouts.totalMs);
    const sending = transport.send(
      { endpoint: tokenEndpoint(url), method, url, headers, body },
      {
        onHeaders: (code) => {
          status = code;
        },
        onData: (chunk) => {
          size += chunk.length;
          if (size <= maxBytes) return void chunks.push(chunk);
          sending.abort();
          reject(new Error(`more than ${maxBytes} bytes`));
        },
        onEnd: () => resolve({ status, body: Buffer.concat(chunks).toString('utf8') }),
        onError: reject,
      },
    );
    deadline.addEventListener('abort', () => {
      sending.abort();
      reject(deadline.reason);
    });
  });
}

/** What the pools want to know of a place that is not a provider. */
function tokenEndpoint(url: URL): Endpoint {
  return {
    key: `token@${url.origin}`,
    providerId: url.host,
    type: 'openai',
    baseUrl: url.origin,
    auth: 'none',
    credential: undefined,
    headers: {},
    timeouts: hostedTimeouts,
    isLocal: false,
    isLoopback: false,
    maxConcurrent: undefined,
    queue: { max: 0, timeoutMs: 0 },
    poolSize: undefined,
    priority: undefined,
    quirks: {},
    settings: {},
  };
}
