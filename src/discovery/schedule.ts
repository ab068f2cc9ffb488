import type { ServerFacts } from '../core/facts.ts';
import type { ProbeResult, ProbeTarget } from './probe.ts';
import type { Site } from './scan.ts';

/** What is known about one site, and when it is looked at next. Times are monotonic milliseconds. */
export interface SiteState {
  readonly site: Site;
  readonly facts: ServerFacts | undefined;
  readonly dueAtMs: number;
  readonly lookedAtMs: number | undefined;
  /** Looks in a row without an answer. */
  readonly misses: number;
  /** Looks in a row that met a stranger: something that is not a model server. */
  readonly strangers: number;
}

/** The result of trying a site's addresses; `target` is the one it belongs to. */
export interface Look {
  readonly target: ProbeTarget;
  readonly result: ProbeResult;
}

export interface Timing {
  readonly nowMs: number;
  /** Wall clock. */
  readonly wallMs: number;
  readonly intervalMs: number;
}

/** A model that loads or a server that was restarted is back within seconds: it is asked every second at first. */
const eagerMs = 1_000;
const eagerLooks = 10;
/** A server whose one thread is busy generating misses looks; only silence that lasts is taken for down. */
const silentLooksBeforeDown = 3;
const strangerBaseMs = 60_000;
const strangerFactor = 5;
const strangerCapMs = 3_600_000;

export function newSite(site: Site, nowMs: number): SiteState {
  return { site, facts: undefined, dueAtMs: nowMs, lookedAtMs: undefined, misses: 0, strangers: 0 };
}

/** A port that is something else is asked ever more rarely: 1 minute, 5, 25, then every hour. */
function strangerDelayMs(strangers: number): number {
  return Math.min(strangerBaseMs * strangerFactor ** (strangers - 1), strangerCapMs);
}

/** The state after a look. Pure: the loop in `discovery.ts` does the looking. */
export function afterLook(state: SiteState, look: Look, timing: Timing): SiteState {
  const looked = { ...state, lookedAtMs: timing.nowMs };
  switch (look.result.kind) {
    case 'server':
      return answered(looked, look.result.facts, timing);
    case 'nothing':
      return unanswered(looked, look, look.result.reason, timing);
    case 'other':
    case 'self':
      return stranger(looked, look, timing);
  }
}

function answered(state: SiteState, facts: ServerFacts, timing: Timing): SiteState {
  const { only } = state.site;
  if (only !== undefined && !only.includes(facts.kind)) {
    return { ...state, facts: undefined, ...strangerAgain(state, timing) };
  }
  const delayMs = facts.state === 'loading' ? Math.min(eagerMs, timing.intervalMs) : timing.intervalMs;
  return {
    ...state,
    facts: keepModels(facts, state.facts),
    dueAtMs: timing.nowMs + delayMs,
    misses: 0,
    strangers: 0,
  };
}

/** While a server loads or wants a key it does not list; what it had is still what it will have. */
function keepModels(facts: ServerFacts, before: ServerFacts | undefined): ServerFacts {
  const isSame = before?.kind === facts.kind && before.origin === facts.origin;
  return facts.state !== 'ready' && isSame && facts.models.length === 0 ? { ...facts, models: before.models } : facts;
}

function unanswered(state: SiteState, look: Look, reason: 'refused' | 'silent', timing: Timing): SiteState {
  const misses = state.misses + 1;
  const isKnown = state.facts !== undefined || state.site.declaredKind !== undefined;
  if (!isKnown) {
    if (reason === 'silent') return { ...state, misses, ...strangerAgain(state, timing) };
    return { ...state, misses, strangers: 0, dueAtMs: timing.nowMs + timing.intervalMs };
  }
  const wasUp = state.facts !== undefined && state.facts.state !== 'down';
  const isPatient = reason === 'silent' && wasUp && misses < silentLooksBeforeDown;
  const address = new URL(look.target.origin).host;
  const detail =
    reason === 'silent' ? `${address} accepts connections but does not answer` : `nothing answers on ${address}`;
  return {
    ...state,
    facts: isPatient ? state.facts : down(state, look, timing, detail),
    misses,
    strangers: 0,
    dueAtMs: timing.nowMs + (misses <= eagerLooks ? Math.min(eagerMs, timing.intervalMs) : timing.intervalMs),
  };
}

function stranger(state: SiteState, look: Look, timing: Timing): SiteState {
  const isKnown = state.facts !== undefined || state.site.declaredKind !== undefined;
  const strangers = strangerAgain(state, timing);
  if (!isKnown) return { ...state, ...strangers };
  const address = new URL(look.target.origin).host;
  const detail =
    look.result.kind === 'self'
      ? `${address} is this router itself`
      : `what answers on ${address} is not a model server`;
  // A server that dies in the middle of a look seems a stranger once.
  const isFirst = strangers.strangers === 1 && look.result.kind !== 'self';
  const dueAtMs = isFirst ? timing.nowMs + Math.min(eagerMs, timing.intervalMs) : strangers.dueAtMs;
  return { ...state, ...strangers, dueAtMs, facts: down(state, look, timing, detail) };
}

function strangerAgain(state: SiteState, timing: Timing): Pick<SiteState, 'strangers' | 'dueAtMs'> {
  const strangers = state.strangers + 1;
  return { strangers, dueAtMs: timing.nowMs + strangerDelayMs(strangers) };
}

/** The server as it was, marked down; for a declared one that never answered, what its declaration says. */
function down(state: SiteState, look: Look, timing: Timing, detail: string): ServerFacts {
  const never: ServerFacts = {
    origin: look.target.origin,
    baseUrl: look.target.origin + look.target.basePath,
    kind: state.site.declaredKind ?? 'openai',
    version: undefined,
    state: 'down',
    models: [],
    answersAnyModel: false,
    isAggregator: false,
    checkedAtMs: timing.wallMs,
  };
  return { ...(state.facts ?? never), state: 'down', detail };
}
