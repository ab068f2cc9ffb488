import { type App, createApp } from '../../src/app.ts';
import type { DefaultPort } from '../../src/catalogue/local-servers.ts';
import { catalogueKnowledge } from '../../src/config/catalogue-knowledge.ts';
import type { Files } from '../../src/config/files.ts';
import { type LoadedConfig, loadConfig } from '../../src/config/load.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import type { EventName, RequestRecord, RouterEvents } from '../../src/core/events.ts';
import { isMetadataHost } from '../../src/transport/address.ts';
import type { LookUp } from '../../src/transport/look-up.ts';

export interface AppOptions {
  /** The configuration file; empty is zero config. `server.listen` is set to a free port of 127.0.0.1. */
  readonly yaml?: string | undefined;
  /** Ports that discovery looks at; undefined switches it off, so that no probe disturbs a count. */
  readonly ports?: readonly DefaultPort[] | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly clock?: Clock | undefined;
  /** 0 by default, which makes all retry delays 0. */
  readonly random?: (() => number) | undefined;
  readonly demo?: boolean | undefined;
  readonly listen?: string | undefined;
  /** Resolves the names of hosts. */
  readonly lookUp?: LookUp | undefined;
}

type Told = { readonly [K in EventName]: { readonly name: K; readonly event: RouterEvents[K] } }[EventName];

const eventNames: readonly EventName[] = [
  'request-begun',
  'request-resolved',
  'attempt-begun',
  'attempt-ended',
  'request-settled',
  'provider-up',
  'provider-down',
  'models-changed',
  'breaker-opened',
  'breaker-closed',
  'mirror-settled',
];

/** The app on a free port of this process, blind to the machine it runs on. */
export class RunningApp {
  readonly app: App;
  readonly url: string;
  readonly port: number;
  /** Everything the app told, in order. */
  readonly events: Told[] = [];
  readonly #write: (yaml: string) => void;
  #waiters: (() => void)[] = [];

  /** Listening already: use `startApp`. */
  constructor(app: App, listening: { readonly url: string; readonly port: number }, write: (yaml: string) => void) {
    this.app = app;
    this.url = listening.url;
    this.port = listening.port;
    this.#write = write;
    for (const name of eventNames) {
      app.events.on(name, (event) => {
        this.events.push({ name, event } as Told);
        for (const wake of this.#waiters.splice(0)) wake();
      });
    }
  }

  get settled(): readonly RequestRecord[] {
    return this.told('request-settled');
  }

  told<K extends EventName>(name: K): readonly RouterEvents[K][] {
    return this.events.flatMap((one) => (one.name === name ? [one.event as RouterEvents[K]] : []));
  }

  /** Resolves once `holds`, looking again whenever the app tells something. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  /** The first `count` requests that ended. */
  async settles(count: number): Promise<readonly RequestRecord[]> {
    await this.until(() => this.settled.length >= count);
    return this.settled;
  }

  post(path: string, body: unknown, init: RequestInit = {}): Promise<Response> {
    return fetch(this.url + path, {
      method: 'POST',
      body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
      ...init,
      headers: { 'content-type': 'application/json', ...(init.headers as Record<string, string> | undefined) },
    });
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return fetch(this.url + path, { headers });
  }

  /** Changes the file and reloads. Throws a ConfigError when the new one is refused. */
  edit(yaml: string): LoadedConfig {
    this.#write(yaml);
    return this.app.reload();
  }

  close(): Promise<void> {
    return this.app.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.app.destroy();
  }
}

/** Starts the app. Ending it is the test's duty: `close` drains, disposing cuts. */
export async function startApp(options: AppOptions = {}): Promise<RunningApp> {
  let yaml = options.yaml;
  const load = (): LoadedConfig => loadText(yaml, options);
  const app = await createApp(load(), {
    clock: options.clock ?? systemClock,
    random: options.random ?? (() => 0),
    environment: options.environment ?? {},
    homeDirectory: '/nonexistent',
    version: '0.0.0-test',
    load,
    demo: options.demo ?? false,
    discovery: options.ports !== undefined,
    ports: options.ports ?? [],
    lookUp: options.lookUp,
  });
  const listening = await app.listen();
  const running = new RunningApp(app, listening, (text) => {
    yaml = text;
  });
  app.start();
  await app.ready();
  return running;
}

function loadText(yaml: string | undefined, options: AppOptions): LoadedConfig {
  const path = '/work/router.yaml';
  const files: Files = { read: () => yaml ?? '', exists: (name) => yaml !== undefined && name === path };
  const environment = options.environment ?? {};
  return loadConfig({
    cwd: '/work',
    homeDirectory: '/nonexistent',
    platform: 'linux',
    environment,
    explicit: yaml === undefined ? [] : [path],
    files: { ...files, read: (name) => (name === path ? files.read(name) : missing()) },
    knowledge: catalogueKnowledge({ isForbiddenHost: isMetadataHost, environment, builtIn: ['demo'] }),
    listen: options.listen ?? '127.0.0.1:0',
  });
}

function missing(): never {
  throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
}
