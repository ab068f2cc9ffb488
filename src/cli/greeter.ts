import type { App } from '../app.ts';
import type { LoadedConfig } from '../config/load.ts';
import { delay } from '../core/clock.ts';
import type { LogSink } from '../telemetry/log-sink.ts';
import type { LogFormat, Logger } from '../telemetry/logger.ts';
import { banner } from './banner.ts';
import type { Context } from './context.ts';

export interface Greeting {
  readonly app: App;
  readonly loaded: LoadedConfig;
  readonly logger: Logger;
  /** For what is not a log line. */
  readonly output: LogSink;
  readonly url: string;
}

/** Longest that the banner waits for the first look at the machine's servers. Milliseconds. */
const bannerWaitMs = 1_000;

/** Says that the router is there: a log line for machines, for people a banner once the first look around is over. */
export class Greeter {
  /** Leaves out what the banner is about to tell. */
  readonly logger: Logger;
  readonly #context: Context;
  readonly #greeting: Greeting;
  readonly #hasBanner: boolean;
  #isDone = false;

  constructor(context: Context, greeting: Greeting, format: LogFormat) {
    this.#context = context;
    this.#greeting = greeting;
    this.#hasBanner = format === 'pretty' && !context.options.quiet;
    this.logger = {
      paint: greeting.logger.paint,
      log: (level, entry) => {
        if (this.#hasBanner && !this.#isDone && entry.event === 'provider-up') return;
        greeting.logger.log(level, entry);
      },
      flush: () => greeting.logger.flush(),
    };
  }

  async greet(): Promise<void> {
    if (this.#hasBanner) await this.#showBanner();
    else this.#logStart();
    this.#isDone = true;
  }

  #logStart(): void {
    const { loaded, logger, url } = this.#greeting;
    for (const { message, file, line } of loaded.warnings) {
      logger.log('warn', { event: 'config-warning', message, fields: { file, line } });
    }
    logger.log('info', { event: 'listening', message: `listening on ${url}`, fields: { url, config: loaded.paths } });
  }

  async #showBanner(): Promise<void> {
    const { app, loaded, output, url } = this.#greeting;
    const { clock, stderr, version } = this.#context;
    await Promise.race([app.ready(), delay(clock, bannerWaitMs)]);
    output.writePlain(`${banner(stderr, { version, url, loaded, snapshot: app.snapshot() })}\n\n`);
  }
}
