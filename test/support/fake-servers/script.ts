import type { Capture } from '../read-fixture.ts';

/**
 * An answer as a list of steps on the wire. Personalities make one for a request, faults rewrite it, the fake plays
 * it. Data, so that a fault is a pure function and faults combine.
 */
export type Step =
  | {
      readonly kind: 'head';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      /** Value of Content-Length; undefined is chunked. */
      readonly length: number | undefined;
    }
  /** One event of a stream, or (a part of) a body: one write. */
  | { readonly kind: 'write'; readonly bytes: Buffer }
  /** Waits until the test calls `release()`. */
  | { readonly kind: 'stall' }
  | { readonly kind: 'pause'; readonly ms: number }
  /** The end as HTTP wants it. */
  | { readonly kind: 'end' }
  /** FIN with the framing unfinished, as when the process is killed. */
  | { readonly kind: 'close' }
  /** RST. */
  | { readonly kind: 'reset' }
  /** Straight to the socket, status line included; what follows must be `close` or `reset`. */
  | { readonly kind: 'raw'; readonly bytes: Buffer };

export type Script = readonly Step[];
type ExtraHeaders = Readonly<Record<string, string>>;

function body(status: number, contentType: string, content: string | Buffer, headers: ExtraHeaders): Script {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return [
    { kind: 'head', status, headers: { 'Content-Type': contentType, ...headers }, length: bytes.length },
    ...(bytes.length > 0 ? [{ kind: 'write', bytes } as const] : []),
    { kind: 'end' },
  ];
}

export function json(status: number, value: unknown, headers: ExtraHeaders = {}): Script {
  return body(status, 'application/json', JSON.stringify(value), headers);
}

export function text(status: number, value: string, headers: ExtraHeaders = {}): Script {
  return body(status, 'text/plain; charset=utf-8', value, headers);
}

export function html(status: number, value: string, headers: ExtraHeaders = {}): Script {
  return body(status, 'text/html; charset=utf-8', value, headers);
}

/** No body and no content type: Ollama's answer to a foreign Host, vLLM's to `/health`. */
export function empty(status: number): Script {
  return [{ kind: 'head', status, headers: {}, length: 0 }, { kind: 'end' }];
}

/** A stream; every item is written by itself. Items are whole events, blank line included. */
export function stream(contentType: string, items: readonly (string | Buffer)[], headers: ExtraHeaders = {}): Script {
  return [
    { kind: 'head', status: 200, headers: { 'Content-Type': contentType, ...headers }, length: undefined },
    ...items.map((item) => ({ kind: 'write', bytes: typeof item === 'string' ? Buffer.from(item) : item }) as const),
    { kind: 'end' },
  ];
}

export function sse(items: readonly string[], headers: ExtraHeaders = {}): Script {
  return stream('text/event-stream', items, { 'Cache-Control': 'no-cache', ...headers });
}

export function ndjson(items: readonly unknown[]): Script {
  return stream(
    'application/x-ndjson',
    items.map((item) => `${JSON.stringify(item)}\n`),
  );
}

/** One SSE event without a name. */
export function dataEvent(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

export function namedEvent(name: string, value: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`;
}

const framingHeaders = new Set(['content-length', 'transfer-encoding', 'keep-alive', 'connection']);

/** A recording, chunk by chunk. One that was cut is sent byte for byte and cut the same way. */
export function replay(capture: Capture): Script {
  if (!capture.isComplete) return [{ kind: 'raw', bytes: capture.raw }, { kind: 'close' }];
  const headers = Object.fromEntries(capture.headers.filter(([name]) => !framingHeaders.has(name.toLowerCase())));
  const isChunked = capture.headers.some(([name]) => name.toLowerCase() === 'transfer-encoding');
  return [
    { kind: 'head', status: capture.status, headers, length: isChunked ? undefined : capture.body.length },
    ...capture.pieces.map((bytes) => ({ kind: 'write', bytes }) as const),
    { kind: 'end' },
  ];
}
