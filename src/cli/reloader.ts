import { isDeepStrictEqual } from 'node:util';
import type { App } from '../app.ts';
import { ConfigError, formatIssue } from '../config/issues.ts';
import type { LoadedConfig } from '../config/load.ts';
import { type ConfigWatcher, watchConfig } from '../config/watch.ts';
import type { Clock } from '../core/clock.ts';
import { defectOf } from '../core/events.ts';

export interface ReloaderOptions {
  readonly app: App;
  readonly clock: Clock;
  /** What the app started with. */
  readonly loaded: LoadedConfig;
}

/** Settings of the socket itself, which stays open over a reload. */
const restartSettings = ['listen', 'read_timeout', 'idle_timeout'] as const;

/** Reloads the app when its files change or SIGHUP arrives. Owns the watcher; tells everything through events. */
export class Reloader {
  readonly #options: ReloaderOptions;
  #loaded: LoadedConfig;
  #watcher: ConfigWatcher | undefined;
  #endSignal: (() => void) | undefined;

  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#loaded = options.loaded;
  }

  /** What is in force. */
  get loaded(): LoadedConfig {
    return this.#loaded;
  }

  start(onSignal: (signal: NodeJS.Signals, action: () => void) => () => void): void {
    this.#watch();
    this.#endSignal = onSignal('SIGHUP', () => this.#reload());
  }

  close(): void {
    this.#watcher?.close();
    this.#endSignal?.();
  }

  #watch(): void {
    this.#watcher?.close();
    const paths = this.#loaded.watched;
    const { clock } = this.#options;
    this.#watcher = paths.length === 0 ? undefined : watchConfig({ paths, clock, onChange: () => this.#reload() });
  }

  #reload(): void {
    const { app } = this.#options;
    const path = this.#loaded.paths.join(', ') || 'zero config';
    try {
      const before = this.#loaded;
      this.#loaded = app.reload();
      if (!isDeepStrictEqual(before.watched, this.#loaded.watched)) this.#watch();
      app.events.emit('config-reloaded', { path: this.#loaded.paths.join(', ') || 'zero config' });
      this.#tellRest();
    } catch (thrown) {
      if (thrown instanceof ConfigError) {
        app.events.emit('config-rejected', { path, problems: thrown.issues.map(formatIssue) });
        return;
      }
      // A defect: what was in force still is, and requests go on.
      const defect = defectOf('reloading', thrown);
      app.events.emit('defect', defect);
      app.events.emit('config-rejected', { path, problems: [defect.message] });
    }
  }

  /** Nothing is silent: neither warnings nor what a reload cannot bring into force. */
  #tellRest(): void {
    const { app, loaded: first } = this.#options;
    for (const issue of this.#loaded.warnings) app.events.emit('config-warning', { message: formatIssue(issue) });
    const changed = restartSettings.filter(
      (name) => !isDeepStrictEqual(first.config.server[name], this.#loaded.config.server[name]),
    );
    if (changed.length === 0) return;
    const names = changed.map((name) => `server.${name}`).join(', ');
    app.events.emit('config-warning', { message: `${names} changed: restart the router to bring that into force` });
  }
}
