import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type SelfSigned, secured } from './certificate.ts';

/** What a request gets. Bytes of a whole answer, or of a part of one before the connection is cut. */
export interface Saying {
  readonly bytes: string;
  /** The connection is cut behind the bytes. */
  readonly isCut?: boolean;
}

export interface ClosingUpstream extends AsyncDisposable {
  readonly origin: string;
  /** How often each request has come, by the mark `#12#` in its body. */
  readonly received: ReadonlyMap<string, number>;
  /** Marks of requests that came once more after the first byte of their answer. */
  readonly repeatedLate: readonly string[];
  /** Connections that were closed while they were idle. */
  readonly closings: number;
}

/** Repeatable, so that a failure can be looked into. Uniform in [0, 1). */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * A server that closes its idle connections at moments of chance, within `idleMs` of each answer: mostly by a FIN, at
 * times by a reset, and so at times just as the next request is on its way.
 */
export async function startClosing(about: {
  readonly answer: (body: string) => Saying;
  readonly idleMs: number;
  readonly random: () => number;
  readonly tls?: SelfSigned | undefined;
}): Promise<ClosingUpstream> {
  const { answer, idleMs, random, tls } = about;
  const received = new Map<string, number>();
  const answered = new Set<string>();
  const repeatedLate: string[] = [];
  const sockets = new Set<Socket>();
  let closings = 0;

  const close = (socket: Socket) => {
    closings++;
    if (random() < 0.2) socket.resetAndDestroy();
    else socket.destroy();
  };
  const take = (socket: Socket, body: string) => {
    const mark = /#(\d+)#/.exec(body)?.[1] ?? '';
    received.set(mark, (received.get(mark) ?? 0) + 1);
    if (answered.has(mark)) repeatedLate.push(mark);
    answered.add(mark);
    const { bytes, isCut = false } = answer(body);
    if (isCut) return void socket.end(bytes);
    socket.write(bytes);
    return setTimeout(() => close(socket), random() * idleMs);
  };

  const server = createServer({ noDelay: true }, (plain) => {
    const socket = tls === undefined ? plain : secured(plain, tls);
    sockets.add(socket);
    let held = '';
    let closing: NodeJS.Timeout | undefined;
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(closing);
      sockets.delete(socket);
    });
    socket.on('data', (bytes) => {
      clearTimeout(closing);
      held += bytes.toString('latin1');
      const end = held.indexOf('\r\n\r\n');
      const length = Number(/^content-length: (\d+)/im.exec(held)?.[1] ?? 0);
      if (end === -1 || held.length < end + 4 + length) return;
      const body = held.slice(end + 4);
      held = '';
      closing = take(socket, body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    repeatedLate,
    get closings() {
      return closings;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      if (server.listening) await once(server, 'close');
    },
  };
}

export function wholeAnswer(body: string, type = 'application/json'): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
