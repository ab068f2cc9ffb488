import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type SelfSigned, secured } from './certificate.ts';

/** A request whose head has arrived. What is said to it is for the test to write, byte by byte if it likes. */
export interface RawCall {
  readonly socket: Socket;
  /** Counts the server's connections from 0. */
  readonly connection: number;
  readonly path: string;
  readonly head: string;
  /** Resolves once as many bytes have come as the head says. */
  readonly body: Promise<Buffer>;
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;
  /** Resolves when the bytes have left this process. */
  write(bytes: string | Buffer): Promise<void>;
  /** A whole answer of known length. */
  answer(body?: string, ...fields: readonly string[]): Promise<void>;
}

/** Decides what a call gets. Runs as soon as the head is there, before more is read. */
export type RawScript = (call: RawCall, index: number) => unknown;

/** The script of a server that behaves: the body's text is what it was asked for. */
export const answering: RawScript = async (call) => {
  await call.body;
  await call.answer(call.path);
};

export interface RawUpstream extends AsyncDisposable {
  readonly origin: string;
  readonly calls: readonly RawCall[];
  /** Opened so far. */
  readonly connections: number;
  /** Resolves once so many requests have arrived; the first is 0. */
  call(index: number): Promise<RawCall>;
}

/** A server that knows no more of HTTP than where a request ends; with TLS where it has a certificate. */
export async function startRaw(script: RawScript = answering, tls?: SelfSigned): Promise<RawUpstream> {
  const calls: RawCall[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let waiters: (() => void)[] = [];
  const server = createServer({ noDelay: true }, (plain) => {
    const socket = tls === undefined ? plain : secured(plain, tls);
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    readCalls(socket, connections++, (call) => {
      calls.push(call);
      void script(call, calls.length - 1);
      for (const wake of waiters.splice(0)) wake();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    get connections() {
      return connections;
    },
    async call(index) {
      while (calls.length <= index) {
        await new Promise<void>((resolve) => {
          waiters = [...waiters, resolve];
        });
      }
      return calls[index] as RawCall;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      if (server.listening) await once(server, 'close');
    },
  };
}

function readCalls(socket: Socket, connection: number, onCall: (call: RawCall) => void): void {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let body: { readonly bytes: number; readonly resolve: (body: Buffer) => void } | undefined;
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const hold = (bytes: Buffer) => {
    held = bytes.length === 0 ? [] : [bytes];
    heldBytes = bytes.length;
  };
  const takeHead = () => {
    const all = Buffer.concat(held);
    const end = all.indexOf('\r\n\r\n');
    hold(all);
    if (end === -1) return false;
    const head = all.toString('latin1', 0, end);
    const { promise, resolve } = Promise.withResolvers<Buffer>();
    body = { bytes: Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0), resolve };
    hold(all.subarray(end + 4));
    onCall(callOf({ socket, connection, head, body: promise, closed }));
    return true;
  };
  const takeBody = () => {
    if (body === undefined || heldBytes < body.bytes) return false;
    const all = Buffer.concat(held);
    body.resolve(all.subarray(0, body.bytes));
    hold(all.subarray(body.bytes));
    body = undefined;
    return true;
  };
  socket.on('data', (bytes: Buffer) => {
    held.push(bytes);
    heldBytes += bytes.length;
    while (body === undefined ? takeHead() : takeBody());
  });
}

function callOf(about: Omit<RawCall, 'path' | 'write' | 'answer'>): RawCall {
  const write = (bytes: string | Buffer) =>
    new Promise<void>((resolve) => {
      const sent = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
      about.socket.write(sent, () => resolve());
    });
  return {
    ...about,
    path: about.head.split(' ')[1] ?? '',
    write,
    answer: (body = '', ...fields) =>
      write(['HTTP/1.1 200 OK', `Content-Length: ${body.length}`, ...fields, '', body].join('\r\n')),
  };
}
