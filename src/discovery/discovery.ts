import { isDeepStrictEqual } from 'node:util';
import { delay, type Timer } from '../core/clock.ts';
import type { ServerFacts } from '../core/facts.ts';
import type { Endpoint } from '../core/model.ts';
import { isLoopbackHost, portOfUrl } from '../transport/address.ts';
import { meansThisMachine, originsOf } from './addresses.ts';
import { Listings, type ProviderListing } from './listings.ts';
import { lmStudioPort } from './lm-studio-config.ts';
import type { DiscoveryOptions, DiscoverySettings } from './options.ts';
import { type ProbeTarget, probe } from './probe.ts';
import { type Site, scan } from './scan.ts';
import { afterLook, type Look, newSite, type SiteState } from './schedule.ts';

export interface Discovery {
  /** Begins to look. Repeatable. */
  start(): void;
  /** Resolves when every site has been looked at once, two seconds at most; also when closed. */
  readonly firstScan: Promise<void>;
  /** Servers that answer, and those that did once or are declared, as `down`. A new array when anything changed. */
  facts(): readonly ServerFacts[];
  listings(): readonly ProviderListing[];
  /** Settings that are left out of account, in words. */
  ignored(): readonly string[];
  /**
   * One shared look at everything that may be a model server, for an unknown name: at most one a second. Resolves
   * when it is done or after half a second.
   */
  probeNow(): Promise<void>;
  /** A request found the server at this URL refusing: it is looked at again at once. */
  suspect(url: string): void;
  /** Takes new settings; what is known about sites that stay is kept. */
  reload(settings: DiscoverySettings): void;
  /** Stops looking and aborts what is under way. Repeatable. */
  close(): void;
}

const maxParallelLooks = 16;
/** Whatever the settings say: without a pause between looks nothing else would ever run. */
const minIntervalMs = 10;
const sharedProbeGapMs = 1_000;
const sharedProbeWaitMs = 500;
/** Requests that fail at once may suspect a server many times in one moment. */
const suspicionGapMs = 100;

export function createDiscovery(options: DiscoveryOptions, settings: DiscoverySettings): Discovery {
  return new Watch(options, settings);
}

/** The loop: owns all site states; everything else asks it. */
class Watch implements Discovery {
  readonly firstScan: Promise<void>;
  readonly #options: DiscoveryOptions;
  readonly #closing = new AbortController();
  readonly #listings: Listings;
  readonly #looking = new Map<string, Promise<void>>();
  #settings: DiscoverySettings;
  #states = new Map<string, SiteState>();
  #facts: readonly ServerFacts[] = [];
  #ignored: readonly string[] = [];
  #timer: Timer | undefined;
  #isStarted = false;
  /** Sites whose first look is awaited; undefined before the first scan and after it. */
  #unlooked: Set<string> | undefined;
  #endFirstScan: () => void = () => undefined;
  #scanDueMs = 0;
  #sharedProbe: Promise<void> | undefined;
  #sharedProbeAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: DiscoveryOptions, settings: DiscoverySettings) {
    const { clock, fetchListing, onChange } = options;
    this.#options = options;
    this.#settings = settings;
    this.#listings = new Listings({ clock, fetchListing, onChange, signal: this.#closing.signal });
    this.firstScan = new Promise((resolve) => {
      this.#endFirstScan = resolve;
    });
  }

  /** What is wrong with one site must not keep the others from being looked at. */
  readonly #tellDefect = (thrown: unknown) => this.#options.onDefect?.(thrown);

  start(): void {
    if (this.#isStarted || this.#closing.signal.aborted) return;
    this.#isStarted = true;
    this.#listings.set(this.#listedEndpoints());
    this.#scan();
  }

  facts(): readonly ServerFacts[] {
    return this.#facts;
  }

  listings(): readonly ProviderListing[] {
    return this.#listings.all();
  }

  ignored(): readonly string[] {
    return this.#ignored;
  }

  probeNow(): Promise<void> {
    const { clock } = this.#options;
    if (this.#sharedProbe !== undefined) return this.#sharedProbe;
    const now = clock.monotonic();
    if (now - this.#sharedProbeAtMs < sharedProbeGapMs) return Promise.resolve();
    this.#sharedProbeAtMs = now;
    const likely = [...this.#states.values()].filter((state) => state.strangers === 0);
    const looks = likely.map((state) => this.#look(state.site.key));
    const waiting = new AbortController();
    const limit = delay(clock, sharedProbeWaitMs, waiting.signal).catch(() => undefined);
    this.#sharedProbe = Promise.race([Promise.all(looks), limit]).then(() => {
      waiting.abort();
      this.#sharedProbe = undefined;
      this.#schedule();
    });
    return this.#sharedProbe;
  }

  suspect(url: string): void {
    const parsed = URL.parse(url);
    if (parsed === null) return;
    const origins = originsOf(
      parsed.hostname.replaceAll(/[[\]]/g, ''),
      portOfUrl(parsed),
      parsed.protocol.slice(0, -1),
    );
    for (const [key, state] of this.#states) {
      const isThere = state.site.targets.some((target) => origins.includes(target.origin));
      if (!isThere || state.facts?.state === 'down') continue;
      const soonest = Math.max(this.#options.clock.monotonic(), (state.lookedAtMs ?? 0) + suspicionGapMs);
      this.#states.set(key, { ...state, dueAtMs: Math.min(state.dueAtMs, soonest) });
    }
    this.#run();
  }

  reload(settings: DiscoverySettings): void {
    this.#settings = settings;
    if (!this.#isStarted || this.#closing.signal.aborted) return;
    this.#listings.set(this.#listedEndpoints());
    this.#scan();
  }

  close(): void {
    this.#closing.abort();
    this.#timer?.cancel();
    this.#listings.close();
    this.#endFirstScan();
  }

  get #intervalMs(): number {
    return Math.max(this.#settings.discovery.interval, minIntervalMs);
  }

  #listedEndpoints(): readonly Endpoint[] {
    const wanted = this.#settings.declared.filter(({ endpoint, wantsListing }) => wantsListing && !endpoint.isLocal);
    return wanted.map(({ endpoint }) => endpoint);
  }

  #scan(): void {
    this.#scanDueMs = this.#options.clock.monotonic() + this.#intervalMs;
    this.#scanNow().catch((thrown: unknown) => {
      this.#tellDefect(thrown);
      // Nothing is known about the sites, so there is nothing to wait for.
      this.#endFirstScan();
      this.#schedule();
    });
  }

  /** Works out the sites anew: settings may have changed, or the port in LM Studio's own file. */
  async #scanNow(): Promise<void> {
    const { environment, homeDirectory, ports } = this.#options;
    const settings = this.#settings;
    const port = settings.discovery.enabled ? await lmStudioPort(homeDirectory) : undefined;
    if (this.#closing.signal.aborted || settings !== this.#settings) return;
    const local = settings.declared.filter(({ endpoint }) => endpoint.isLocal).map(({ endpoint }) => endpoint);
    const found = scan({ discovery: settings.discovery, environment, lmStudioPort: port, declared: local, ports });
    this.#ignored = found.ignored;
    this.#take(found.sites);
    this.#run();
  }

  #take(sites: readonly Site[]): void {
    const now = this.#options.clock.monotonic();
    const before = this.#states;
    this.#states = new Map(
      sites.map((site) => {
        const known = before.get(site.key);
        if (known === undefined) return [site.key, newSite(site, now)];
        const isSame = sameSite(known.site, site);
        return [site.key, isSame ? known : { ...known, site, dueAtMs: now, misses: 0, strangers: 0 }];
      }),
    );
    if (this.#unlooked === undefined && before.size === 0) {
      this.#unlooked = new Set(this.#states.keys());
    }
    this.#countFirstLooks();
    this.#publish();
  }

  /** The first scan is over when every site that still exists has been looked at. */
  #countFirstLooks(): void {
    if (this.#unlooked === undefined) return;
    for (const key of this.#unlooked) if (!this.#states.has(key)) this.#unlooked.delete(key);
    if (this.#unlooked.size === 0) this.#endFirstScan();
  }

  /** Starts what is due, then sleeps until the next is. */
  #run(): void {
    if (this.#closing.signal.aborted) return;
    const now = this.#options.clock.monotonic();
    if (now >= this.#scanDueMs) this.#scan();
    for (const state of this.#states.values()) {
      if (this.#looking.size >= maxParallelLooks) break;
      if (state.dueAtMs <= now) void this.#look(state.site.key);
    }
    this.#schedule();
  }

  #schedule(): void {
    this.#timer?.cancel();
    if (this.#closing.signal.aborted || !this.#isStarted) return;
    const waiting = [...this.#states.values()].filter((state) => !this.#looking.has(state.site.key));
    const isFull = this.#looking.size >= maxParallelLooks;
    const next = Math.min(this.#scanDueMs, ...(isFull ? [] : waiting.map((state) => state.dueAtMs)));
    const { clock } = this.#options;
    this.#timer = clock.setTimer(Math.max(0, next - clock.monotonic()), () => this.#run());
  }

  /** Looks at one site; a look that is under way is shared. */
  #look(key: string): Promise<void> {
    const running = this.#looking.get(key);
    if (running !== undefined) return running;
    const begun = this.#states.get(key);
    const look = this.#lookNow(key)
      .catch(this.#tellDefect)
      .finally(() => {
        this.#looking.delete(key);
        this.#waitForTurn(key, begun);
        this.#unlooked?.delete(key);
        this.#countFirstLooks();
        this.#run();
      });
    this.#looking.set(key, look);
    return look;
  }

  /** A look that came to nothing has had its turn: were it still due, it would be repeated without end. */
  #waitForTurn(key: string, begun: SiteState | undefined): void {
    const state = this.#states.get(key);
    if (state === undefined || state !== begun) return;
    this.#states.set(key, { ...state, dueAtMs: this.#options.clock.monotonic() + this.#intervalMs });
  }

  async #lookNow(key: string): Promise<void> {
    const begun = this.#states.get(key);
    if (begun === undefined) return;
    const { clock } = this.#options;
    const sinceMs = clock.monotonic();
    const look = await this.#tryAddresses(begun);
    const state = this.#states.get(key);
    // A reload may have removed or changed the site meanwhile.
    if (look === undefined || state?.site !== begun.site || this.#closing.signal.aborted) return;
    const timing = {
      nowMs: clock.monotonic(),
      wallMs: clock.now(),
      intervalMs: this.#intervalMs,
    };
    const next = afterLook(state, look, timing);
    this.#states.set(key, next);
    this.#publish();
    if (next.facts?.state !== 'down') return;
    const isSilent = look.result.kind === 'nothing' && look.result.reason === 'silent';
    const { origin, detail = 'it does not answer' } = next.facts;
    this.#options.onDown?.({ origin, isSilent, sinceMs, detail });
  }

  /** The site's addresses in turn, the one that answered last time first, until one does not refuse. */
  async #tryAddresses(state: SiteState): Promise<Look | undefined> {
    const { clock, lookUp, mark } = this.#options;
    const { facts } = state;
    const targets = state.site.targets.toSorted(
      (one, other) => Number(other.origin === facts?.origin) - Number(one.origin === facts?.origin),
    );
    let refused: Look | undefined;
    for (const target of targets) {
      if (this.#isOwn(target)) return { target, result: { kind: 'self' } };
      const previous = facts?.origin === target.origin ? facts : undefined;
      const result = await probe(target, { clock, previous, lookUp, mark, signal: this.#closing.signal });
      if (result.kind !== 'nothing' || result.reason !== 'refused') return { target, result };
      refused ??= { target, result };
    }
    return refused;
  }

  #isOwn(target: ProbeTarget): boolean {
    const { hostname, port } = new URL(target.origin);
    return this.#options.self().some((own) => {
      const isSameHost = hostname === own.host || (meansThisMachine(own.host) && isLoopbackHost(hostname));
      return Number(port) === own.port && isSameHost;
    });
  }

  #publish(): void {
    const found = [...this.#states.values()].flatMap((state) => (state.facts === undefined ? [] : [state.facts]));
    const timeless = (facts: readonly ServerFacts[]) => facts.map((server) => ({ ...server, checkedAtMs: 0 }));
    const isChanged = !isDeepStrictEqual(timeless(found), timeless(this.#facts));
    this.#facts = found;
    if (isChanged) this.#options.onChange();
  }
}

/** Whether two scans mean the same: credentials hide from comparison, so they are compared by value. */
function sameSite(one: Site, other: Site): boolean {
  const keys = (site: Site) => site.targets.map((target) => target.credential?.reveal());
  return isDeepStrictEqual(one, other) && isDeepStrictEqual(keys(one), keys(other));
}
