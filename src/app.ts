import { AdminToken } from './access/admin-token.ts';
import { Admission } from './access/admission.ts';
import { Concurrency } from './access/concurrency.ts';
import { keyRingOf } from './access/keys.ts';
import { originRulesOf } from './access/origin.ts';
import { type AdminDeps, adminModels, adminRoute, adminStatus } from './admin/api.ts';
import { providerType } from './catalogue/catalogue.ts';
import type { DefaultPort } from './catalogue/local-servers.ts';
import { type Address, parseListen } from './config/listen.ts';
import type { LoadedConfig } from './config/load.ts';
import { Batch } from './core/batch.ts';
import { type Clock, delay } from './core/clock.ts';
import { defectOf, EventBus } from './core/events.ts';
import { LoopMark, passedHeader } from './core/loop-mark.ts';
import { MemoryBudget } from './core/memory-budget.ts';
import { TimeLimits } from './core/time-limits.ts';
import { startDemoEngine } from './demo/engine.ts';
import { createDiscovery } from './discovery/discovery.ts';
import { firstLook } from './discovery/first-look.ts';
import type { DiscoverySettings } from './discovery/options.ts';
import { AnswerCache } from './gateway/answer-cache.ts';
import { Attempts } from './gateway/attempts.ts';
import { Availability } from './gateway/availability.ts';
import { type ExplainRequest, type Explanation, explain } from './gateway/explain.ts';
import { LiveRegistry } from './gateway/live-registry.ts';
import { MediaFetcher } from './gateway/media.ts';
import { Mirror } from './gateway/mirror.ts';
import { Pipeline } from './gateway/pipeline.ts';
import { Planner } from './gateway/planner.ts';
import { TokenCounter } from './gateway/token-count.ts';
import { warmUp } from './gateway/warm-up.ts';
import { allFormats } from './protocols/all-formats.ts';
import type { ResolveRequest } from './registry/resolution.ts';
import { ResolutionCache } from './registry/resolution-cache.ts';
import { endpointKeys, type Snapshot } from './registry/snapshot.ts';
import { breakerSettings, CircuitBreaker } from './resilience/circuit-breaker.ts';
import { Cooldown } from './resilience/cooldown.ts';
import { Health } from './resilience/health.ts';
import { retrySettings } from './resilience/retry.ts';
import { Stats } from './resilience/stats.ts';
import { Sticky } from './routing/sticky.ts';
import { Turns } from './routing/turns.ts';
import { IdleMemory } from './server/idle-memory.ts';
import { Listener } from './server/listener.ts';
import { routesOf } from './server/route-rows.ts';
import { RouteTable } from './server/routes.ts';
import { EmbeddedCounters } from './state/embedded-counters.ts';
import { MemoryResponseStore } from './state/responses-store.ts';
import { type LogLosses, noLosses } from './telemetry/log-sink.ts';
import { createAuthorizers, withProfileRegion } from './transport/auth/authorizers.ts';
import { Transport } from './transport/client.ts';
import { fetchPublic } from './transport/fetch-public.ts';
import { getJson } from './transport/json-request.ts';
import { Localities } from './transport/locality.ts';
import type { LookUp } from './transport/look-up.ts';

export interface AppDeps {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** The process's environment: proxies and the places of local servers. Keys come with the configuration. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  readonly version: string;
  /** Reads the configuration anew; throws a ConfigError. */
  readonly load: () => LoadedConfig;
  /** Adds the embedded demo engine. */
  readonly demo: boolean;
  /** False switches discovery off whatever the file says. */
  readonly discovery: boolean;
  /** Collects garbage and gives memory back to the system, where the runtime lets a program ask for it. */
  readonly collectGarbage?: (() => void) | undefined;
  /** Log lines that could not be written; none where there is no log. */
  readonly logLosses?: (() => LogLosses) | undefined;
  /** Ports to look at instead of the usual ones. */
  readonly ports?: readonly DefaultPort[] | undefined;
  /** Resolves host names; the system's resolver when left out. */
  readonly lookUp?: LookUp | undefined;
}

export interface App {
  readonly events: EventBus;
  /** For the commands; new at every start. */
  readonly adminToken: string;
  /** Begins to look for servers. */
  start(): void;
  /** Resolves when the first look is over. */
  ready(): Promise<void>;
  /** Rejects with Node's error when the address cannot be had. */
  listen(): Promise<Listening>;
  snapshot(): Snapshot;
  explain(request: ExplainRequest): Explanation;
  /** All or nothing: throws a ConfigError and leaves everything as it was. What needs a restart is told. */
  reload(): LoadedConfig;
  /** Takes no more requests, lets those in flight end, then closes everything. Safe to repeat. */
  close(): Promise<void>;
  /** Ends everything now. */
  destroy(): Promise<void>;
}

export interface Listening {
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

/** Puts the parts together. Knows all of them and does nothing itself. */
export async function createApp(first: LoadedConfig, deps: AppDeps): Promise<App> {
  const { clock, random, lookUp } = deps;
  let loaded = first;
  const events = new EventBus();
  const batch = new Batch();
  const mark = new LoopMark();
  const demo = deps.demo ? await startDemoEngine(clock) : undefined;
  const transport = new Transport({ clock, environment: deps.environment, lookUp });
  const health = new Health(clock);
  const cooldown = new Cooldown(clock);
  const breaker = new CircuitBreaker(clock, () => breakerSettings(loaded.config.routing.circuit_breaker), {
    opened: (candidate, cooldownMs) => events.emit('breaker-opened', { candidate, cooldownMs }),
    closed: (candidate) => events.emit('breaker-closed', { candidate }),
  });
  const registry = new LiveRegistry(
    {
      clock,
      events,
      health,
      localities: new Localities(lookUp),
      environment: withProfileRegion(deps.environment, first.environment, deps.homeDirectory),
      demoProviders: demo === undefined ? {} : { demo: demo.provider },
      onUp: ({ endpoint }) => breaker.reset(endpoint.key),
    },
    first,
  );
  const address = parseListen(first.config.server.listen) as Address;
  let listening: Listening | undefined;
  const startedAt = clock.monotonic();
  const discovery = createDiscovery(
    {
      clock,
      environment: deps.environment,
      homeDirectory: deps.homeDirectory,
      mark: mark.id,
      self: () => (listening === undefined ? [] : [{ host: listening.host, port: listening.port }]),
      fetchListing: (endpoint, signal) =>
        getJson(transport, {
          endpoint,
          path: `/${providerType(endpoint.type)?.listing ?? 'models'}`,
          headers: { [passedHeader]: mark.id },
          signal,
        }),
      onChange: () => registry.refresh(),
      onDown: ({ origin, isSilent, sinceMs, detail }) =>
        availability.lost({ origin, loss: { kind: isSilent ? 'silent' : 'gone', sinceMs, detail } }),
      onDefect: (thrown) => events.emit('defect', defectOf('a look at a server', thrown)),
      ports: deps.ports,
      lookUp,
    },
    withSwitch(registry.discoverySettings(), deps.discovery),
  );
  registry.watch(discovery);
  const availability = new Availability({ health, breaker, cooldown, suspect: (url) => discovery.suspect(url) });
  const resolutions = new ResolutionCache();
  const resolveNow = (request: ResolveRequest) => resolutions.resolve(registry.snapshot, request);
  let isStarted = false;
  const looked = Promise.all([deps.discovery ? discovery.firstScan : undefined, registry.located]);
  const ready = firstLook({ clock, looked, startedAt, isStarted: () => isStarted });
  const stats = new Stats(clock);
  const concurrency = new Concurrency(clock);
  const planner = new Planner({
    stats,
    concurrency,
    availability,
    turns: new Turns(),
    sticky: new Sticky(clock),
    config: () => loaded.config,
  });
  const responses = new MemoryResponseStore({
    clock,
    maxBytes: () => loaded.config.server.max_stored_responses,
  });
  const attempts = new Attempts({
    clock,
    batch,
    limits: new TimeLimits(clock),
    transport,
    formats: allFormats,
    mark,
    media: new MediaFetcher({ clock, fetch: fetchPublic, lookUp }),
    availability,
    stats,
    concurrency,
    retry: () => retrySettings(loaded.config.routing.retry),
    random,
    authorizers: createAuthorizers({
      clock,
      transport,
      homeDirectory: deps.homeDirectory,
      environment: deps.environment,
      configured: () => loaded.environment,
      isTrusted: () => loaded.isTrusted,
    }),
  });
  const memory = new MemoryBudget(() => loaded.config.server.max_held_memory);
  const mirror = new Mirror({
    clock,
    random,
    events,
    config: () => loaded.config,
    formats: allFormats,
    attempts,
    concurrency,
    memory,
    resolve: resolveNow,
  });
  const cache = new AnswerCache(clock);
  const pipeline = new Pipeline({
    clock,
    cache,
    warmUp: (request) =>
      warmUp({ clock, transport, availability, formats: allFormats, mark, resolve: resolveNow }, request),
    responses,
    config: () => loaded.config,
    formats: allFormats,
    planner,
    attempts,
    mirror,
    resolve: resolveNow,
    ready,
    lookAgain: () => discovery.probeNow(),
    loadingUnlisted: () => registry.loadingUnlisted(),
  });
  const explainNow = (request: ExplainRequest) =>
    explain({ resolve: resolveNow, availability, planner, config: () => loaded.config }, request);
  const admin: AdminDeps = {
    snapshot: () => registry.snapshot,
    explain: explainNow,
    configPaths: () => loaded.paths,
    logLosses: () => deps.logLosses?.() ?? noLosses,
    version: deps.version,
  };
  const adminToken = new AdminToken();
  let keys = keyRingOf(first.config);
  let origin = originRulesOf(first.config, address.host);
  const admission = new Admission({
    config: () => loaded.config,
    counters: new EmbeddedCounters(clock),
    keyNamed: (name) => keys?.named(name),
  });
  events.on('request-settled', (record) => admission.settle(record));
  const listener: Listener = new Listener({
    clock,
    events,
    batch,
    config: () => loaded.config,
    routes: new RouteTable(
      routesOf({
        formats: allFormats,
        responses,
        counter: new TokenCounter({ clock, transport, availability, formats: allFormats, mark, resolve: resolveNow }),
        snapshot: () => registry.snapshot,
        ready,
        isReady: () => !listener.isClosing && registry.isUsable(),
        admin: {
          status: () => adminStatus(admin),
          models: () => adminModels(admin),
          route: (query) => adminRoute(admin, query),
        },
      }),
    ),
    memory,
    pipeline,
    mark,
    origin: () => origin,
    keys: () => keys,
    admission,
    isAdmin: (headers) => adminToken.isIn(headers),
  });
  const idleMemory = new IdleMemory({
    clock,
    inFlight: () => listener.inFlight,
    answered: () => listener.begun,
    resident: () => process.memoryUsage.rss(),
    collect: () => deps.collectGarbage?.(),
  });
  const closeRest = async (finish: (transport: Transport) => Promise<void>) => {
    idleMemory.close();
    mirror.close();
    discovery.close();
    registry.close();
    demo?.close();
    responses.close();
    await finish(transport);
  };
  return {
    events,
    adminToken: adminToken.text,
    start() {
      isStarted = true;
      if (deps.discovery) discovery.start();
      void registry.locate();
      idleMemory.start();
    },
    ready: () => Promise.race([looked, delay(clock, readyMs)]).then(() => undefined),
    async listen() {
      const bound = await listener.listen(address.host, address.port);
      const shown = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
      listening = { host: bound.address, port: bound.port, url: `http://${shown}:${bound.port}` };
      return listening;
    },
    snapshot: () => registry.snapshot,
    explain: explainNow,
    reload() {
      const next = deps.load();
      registry.reload(next);
      loaded = next;
      // A name may lead elsewhere now, or a model answer differently.
      cache.clear();
      keys = keyRingOf(next.config);
      origin = originRulesOf(next.config, address.host);
      transport.retain(endpointKeys(registry.snapshot));
      return next;
    },
    async close() {
      await listener.close(loaded.config.server.shutdown_timeout);
      await closeRest((one) => one.close());
    },
    async destroy() {
      listener.destroy();
      await closeRest((one) => one.destroy());
    },
  };
}

/** Longest first look: a resolver may take longer than any server. Milliseconds. */
const readyMs = 2_000;

/** `--no-discovery` wins over the file. */
function withSwitch(settings: DiscoverySettings, isOn: boolean): DiscoverySettings {
  return isOn ? settings : { ...settings, discovery: { ...settings.discovery, enabled: false } };
}
