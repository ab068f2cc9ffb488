import { readFileSync } from 'node:fs';

const fixtures = new URL('../fixtures/', import.meta.url);

/** Bytes of a file under `test/fixtures`. */
export function readFixture(path: string): Buffer {
  return readFileSync(new URL(path, fixtures));
}

export interface Capture {
  readonly status: number;
  /** In the order and case of the wire. */
  readonly headers: readonly (readonly [string, string])[];
  /** Body bytes as they were grouped on the wire: HTTP chunks, or the whole body. */
  readonly pieces: readonly Buffer[];
  readonly body: Buffer;
  /** False when the recording ends before its framing does. */
  readonly isComplete: boolean;
  /** The recording as it is. */
  readonly raw: Buffer;
}

interface Framed {
  readonly pieces: readonly Buffer[];
  readonly isComplete: boolean;
}

function unchunk(body: Buffer): Framed {
  const pieces: Buffer[] = [];
  let at = 0;
  while (at < body.length) {
    const lineEnd = body.indexOf('\r\n', at);
    if (lineEnd === -1) break;
    const size = Number.parseInt(body.toString('latin1', at, lineEnd), 16);
    if (size === 0) return { pieces, isComplete: true };
    const end = lineEnd + 2 + size;
    if (Number.isNaN(size) || end > body.length) break;
    pieces.push(body.subarray(lineEnd + 2, end));
    at = end + 2;
  }
  return { pieces, isComplete: false };
}

function headerLines(head: string): readonly (readonly [string, string])[] {
  return head
    .split('\r\n')
    .slice(1)
    .map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
    });
}

/** A recorded HTTP answer of a real llama-server: `readCapture('chat-stream')`. Throws on an empty recording. */
export function readCapture(name: string): Capture {
  const raw = readFixture(`llama.cpp/${name}.http`);
  const headEnd = raw.indexOf('\r\n\r\n');
  if (headEnd === -1) throw new Error(`${name} has no complete head`);
  const head = raw.toString('latin1', 0, headEnd);
  const headers = headerLines(head);
  const rest = raw.subarray(headEnd + 4);
  const value = (wanted: string) => headers.find(([field]) => field.toLowerCase() === wanted)?.[1];
  const framed =
    value('transfer-encoding') === 'chunked'
      ? unchunk(rest)
      : { pieces: [rest], isComplete: rest.length === Number(value('content-length') ?? rest.length) };
  return { status: Number(head.split(' ')[1]), headers, ...framed, body: Buffer.concat([...framed.pieces]), raw };
}
