import { setTimeout as pause } from 'node:timers/promises';
import { chatStreamRequest } from './bodies.ts';
import type { Bench } from './case.ts';
import { cpuMs } from './measure.ts';
import type { Paced } from './paced.ts';
import { keepAliveAgent, post } from './stream-client.ts';

export const streams = 100;
export const eventIntervalMs = 4;

/** Longer than any measurement. */
const endless = 100_000_000;
/** Until all streams run and the first garbage is gone. */
const settleMs = 500;
/** Below this share of its pace the upstream is told of: then the machine has more to do than it can. */
const fullPace = 0.9;
/** Of streaming, by which the compiler is done: about 200,000 events. */
const warmUpSeconds = 8;

export interface EventLoad {
  /** Of the page that streams; both protocols in use take the same body. */
  readonly url: string;
  readonly paced: Paced;
}

/** CPU time of the process for each event that the upstream sent meanwhile, in microseconds. */
export async function cpuPerEvent(bench: Bench, pid: number, asked: EventLoad): Promise<number> {
  const seconds = bench.windowSeconds;
  const { cpuUs, events } = await measure(pid, asked, seconds);
  const pace = events / ((streams * seconds * 1_000) / eventIntervalMs);
  if (pace < fullPace) bench.note(`  the upstream kept ${Math.round(pace * 100)} % of its pace: is the machine busy?`);
  return cpuUs / events;
}

export async function warmUpStreams(pid: number, asked: EventLoad): Promise<void> {
  await measure(pid, asked, warmUpSeconds);
}

interface Window {
  readonly cpuUs: number;
  readonly events: number;
}

async function measure(pid: number, { url, paced }: EventLoad, seconds: number): Promise<Window> {
  using clients = new Clients(url);
  await clients.streaming;
  await pause(settleMs);
  const before = { cpu: cpuMs(pid), events: await paced.events() };
  await pause(seconds * 1_000);
  const after = { cpu: cpuMs(pid), events: await paced.events() };
  clients.check();
  return { cpuUs: (after.cpu - before.cpu) * 1_000, events: after.events - before.events };
}

/** Read what comes and do nothing with it: they share the machine with what is measured. */
class Clients {
  readonly streaming: Promise<unknown>;
  readonly #agent = keepAliveAgent();
  #failure: string | undefined;
  #isEnding = false;

  constructor(url: string) {
    const body = chatStreamRequest(endless);
    this.streaming = Promise.all(Array.from({ length: streams }, () => this.#open(url, body)));
  }

  /** Throws when a stream ended or failed: then the figures would be of something else. */
  check(): void {
    if (this.#failure !== undefined) throw new Error(`a stream did not hold: ${this.#failure}`);
  }

  [Symbol.dispose](): void {
    this.#isEnding = true;
    this.#agent.destroy();
  }

  #open(url: string, body: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (reason: string) => {
        if (!this.#isEnding) this.#failure ??= reason;
        reject(new Error(reason));
      };
      const sent = post({ url, body, agent: this.#agent });
      sent.on('error', (error) => fail(error.message));
      sent.on('response', (response) => {
        if (response.statusCode !== 200) fail(`status ${response.statusCode}`);
        response.on('error', (error) => fail(error.message));
        response.on('end', () => fail('it ended'));
        response.once('data', () => resolve());
        response.resume();
      });
    });
  }
}
