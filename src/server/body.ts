import type { IncomingMessage } from 'node:http';
import type { Clock, Timer } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import { decodeBody, encodingsOf } from '../transport/content-encoding.ts';

export interface BodyLimits {
  readonly clock: Clock;
  readonly maxBytes: number;
  /** Longest pause between two pieces. Milliseconds. */
  readonly pauseMs: number;
}

/**
 * The whole body, decoded. Throws `too_large` (before reading where the length is announced), `request_timeout`,
 * `unsupported_media`, `bad_request`, `client_closed`.
 */
export async function readBody(request: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const encodings = encodingsOf(request.headers['content-encoding']);
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limits.maxBytes) throw tooLarge(limits.maxBytes);
  const raw = await collect(request, limits);
  if (encodings.length === 0) return raw;
  try {
    return await decodeBody(raw, encodings, limits.maxBytes);
  } catch (thrown) {
    if (thrown instanceof GatewayError && thrown.code === 'too_large') throw tooLarge(limits.maxBytes);
    throw thrown;
  }
}

function collect(request: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let timer: Timer | undefined;
    const settle = (act: () => void) => {
      timer?.cancel();
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      act();
    };
    const arm = () => {
      timer?.cancel();
      timer = limits.clock.setTimer(limits.pauseMs, () =>
        settle(() =>
          reject(new GatewayError('request_timeout', `The request body paused for more than ${limits.pauseMs} ms.`)),
        ),
      );
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > limits.maxBytes) return settle(() => reject(tooLarge(limits.maxBytes)));
      chunks.push(chunk);
      if (!request.complete) arm();
    };
    const onEnd = () => settle(() => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    const onClose = () =>
      settle(() => reject(new GatewayError('client_closed', 'The client left before its request was complete.')));
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
    if (!request.complete) arm();
  });
}

function tooLarge(limit: number): GatewayError {
  return new GatewayError('too_large', `The request body is larger than ${limit} bytes.`, {
    hint: 'raise server.max_request_body_size',
  });
}
