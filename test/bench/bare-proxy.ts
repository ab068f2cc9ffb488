// The least that a proxy on Node can be: node:http in front, undici's pool behind, and nothing looked at.
//
//   node bare-proxy.ts PORT TARGET

import { createServer, type ServerResponse } from 'node:http';
import { type Dispatcher, Pool } from 'undici';

const [port = '', target = ''] = process.argv.slice(2);
const pool = new Pool(target, { headersTimeout: 0, bodyTimeout: 0 });

class Relay implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  onRequestStart(): void {}

  onResponseStart(_: unknown, status: number, headers: Record<string, string | string[] | undefined>): void {
    const { connection: _hop, 'transfer-encoding': _coding, 'keep-alive': _time, ...rest } = headers;
    this.#response.writeHead(status, rest);
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    this.#response.write(chunk);
  }

  onResponseEnd(): void {
    this.#response.end();
  }

  onResponseError(): void {
    this.#response.destroy();
  }
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { 'content-type': type = 'application/json' } = request.headers;
    pool.dispatch(
      {
        path: request.url ?? '/',
        method: request.method as Dispatcher.HttpMethod,
        headers: ['content-type', type],
        body: chunks.length === 0 ? null : Buffer.concat(chunks),
      },
      new Relay(response),
    );
  });
});
server.listen(Number(port), '127.0.0.1', 4096);
