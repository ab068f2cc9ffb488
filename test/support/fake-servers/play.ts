import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Script, Step } from './script.ts';

/** What playing needs from the fake: where stalls wait. */
export interface Stage {
  /** Sent with every answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Resolves at `release()`. */
  stall(): Promise<void>;
  /** Resolves when the answer has ended, also because the peer left. */
  readonly gone: Promise<unknown>;
  /** Called before the connection is broken on purpose. */
  breaks(): void;
}

async function write(response: ServerResponse, bytes: Buffer, stage: Stage): Promise<void> {
  if (response.write(bytes)) return;
  await Promise.race([new Promise((resolve) => response.once('drain', resolve)), stage.gone]);
}

function sendHead(response: ServerResponse, step: Extract<Step, { kind: 'head' }>, stage: Stage): void {
  response.sendDate = false;
  const length = step.length === undefined ? {} : { 'Content-Length': step.length };
  response.writeHead(step.status, { ...stage.headers, ...step.headers, ...length });
  response.flushHeaders();
}

async function perform(response: ServerResponse, step: Step, stage: Stage): Promise<void> {
  const socket = response.socket;
  switch (step.kind) {
    case 'head':
      return sendHead(response, step, stage);
    case 'write':
      return write(response, step.bytes, stage);
    case 'stall':
      return stage.stall();
    case 'pause':
      await Promise.race([new Promise((resolve) => setTimeout(resolve, step.ms)), stage.gone]);
      return;
    case 'raw':
      socket?.write(step.bytes);
      return;
    case 'end':
      response.end();
      return;
    case 'close':
      stage.breaks();
      // Ends after what was written is flushed; `destroy` could drop it.
      socket?.end();
      return;
    case 'reset':
      await flushed(response);
      stage.breaks();
      socket?.resetAndDestroy();
      return;
  }
}

/** A reset discards what the kernel has not sent: wait until all of it has been handed over. */
async function flushed(response: ServerResponse): Promise<void> {
  const { socket } = response;
  if (socket === null || socket.writableLength === 0) return;
  await Promise.race([new Promise((resolve) => socket.write('', resolve)), once(socket, 'close')]);
}

/** Sends the script. Stops, without error, when the peer has left. */
export async function play(script: Script, response: ServerResponse, stage: Stage): Promise<void> {
  for (const step of script) {
    if (response.destroyed || response.closed || response.socket === null) return;
    await perform(response, step, stage);
  }
}
