import { type App, createApp } from '../app.ts';
import { providerType } from '../catalogue/catalogue.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Clock } from '../core/clock.ts';
import { hasCredential } from '../registry/endpoint.ts';
import type { Context } from './context.ts';

/** Longest wait for hosted providers to list their models. Milliseconds. */
const listingWaitMs = 3_000;
const checkMs = 25;

/**
 * The router's own parts for the time of one command, with fresh probes: what a command says is then what `serve`
 * would do. The caller destroys it.
 */
export async function startTemporaryApp(context: Context, loaded: LoadedConfig): Promise<App> {
  const app = await createApp(loaded, {
    clock: context.clock,
    random: Math.random,
    environment: context.environment,
    homeDirectory: context.homeDirectory,
    version: context.version,
    load: () => loaded,
    demo: false,
    discovery: true,
  });
  app.start();
  await app.ready();
  await hostedListings(context, app);
  return app;
}

/** Local servers are looked at first; hosted ones may still be listing their models. */
async function hostedListings({ clock }: Context, app: App): Promise<void> {
  const untilMs = clock.monotonic() + listingWaitMs;
  while (isListing(app) && clock.monotonic() < untilMs) await pause(clock);
}

/** With nothing else under way, a timer that lets the process end would end it here, without a word. */
function pause(clock: Clock): Promise<void> {
  return new Promise((resolve) => void clock.setTimer(checkMs, resolve, { keepAlive: true }));
}

function isListing(app: App): boolean {
  const providers = [...app.snapshot().providers.values()];
  return providers.some(
    ({ state, detail, type, isClosedList, endpoint }) =>
      state === 'unknown' &&
      detail === undefined &&
      !isClosedList &&
      !endpoint.isLocal &&
      providerType(type)?.listing !== null &&
      hasCredential(endpoint),
  );
}
