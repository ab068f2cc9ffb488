import type { FirstQuestion } from '../catalogue/local-servers.ts';
import type { Clock } from '../core/clock.ts';
import type { ServerFacts } from '../core/facts.ts';
import type { AuthKind } from '../core/model.ts';
import type { Secret } from '../core/secret.ts';
import type { LookUp } from '../transport/look-up.ts';
import { type Ask, type Failure, listingOf, maxModels, tooManyModels } from './answer.ts';
import type { Recognised, Recogniser } from './kinds/kind.ts';
import { llamacpp } from './kinds/llamacpp.ts';
import { lmStudio, lmStudioBehindExpress } from './kinds/lm-studio.ts';
import { ollama } from './kinds/ollama.ts';
import { byOwner, dockerModelRunner, listedModel, openAiCompatible } from './kinds/openai.ts';
import { openSession } from './session.ts';

/** One address to look at. */
export interface ProbeTarget {
  /** Scheme, literal host and port: `http://127.0.0.1:11434`. */
  readonly origin: string;
  /** Path of the OpenAI-compatible base there: `/v1`. */
  readonly basePath: string;
  readonly first: FirstQuestion;
  /** Only ever the credential configured for this very address. */
  readonly credential?: Secret | undefined;
  /** How it travels; Bearer when left out. */
  readonly auth?: AuthKind | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The user says that something stands here: an answer is enough, even without a listing. */
  readonly isDeclared?: boolean | undefined;
}

/**
 * `nothing`: no answer, with the reason; `other`: something answers that is not a model server; `self`: this router.
 */
export type ProbeResult =
  | { readonly kind: 'server'; readonly facts: ServerFacts }
  | { readonly kind: 'nothing'; readonly reason: Exclude<Failure, 'foreign'> }
  | { readonly kind: 'other' }
  | { readonly kind: 'self' };

export interface ProbeContext {
  readonly clock: Clock;
  /** What answered here last time. */
  readonly previous?: ServerFacts | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The system's when left out. */
  readonly lookUp?: LookUp | undefined;
  /** What this router puts on its requests. */
  readonly mark?: string | undefined;
}

const afterModels: readonly Recogniser[] = [llamacpp, byOwner, lmStudioBehindExpress];

/** Who is asked about in which order; the first that recognises itself has it. */
const orders: Readonly<Record<FirstQuestion, readonly Recogniser[]>> = {
  models: [...afterModels, ollama, openAiCompatible],
  ollama: [ollama, ...afterModels, openAiCompatible],
  'lm-studio': [lmStudio, llamacpp, byOwner, ollama, openAiCompatible],
  docker: [dockerModelRunner, ...afterModels, ollama, openAiCompatible],
};

/** A server that was here a moment ago is asked for its own sign first. */
function firstQuestion(target: ProbeTarget, previous: ServerFacts | undefined): FirstQuestion {
  switch (previous?.kind) {
    case 'ollama':
      return 'ollama';
    case 'lm_studio':
      return 'lm-studio';
    case 'docker_model_runner':
      return previous.baseUrl.endsWith('/engines/v1') ? 'docker' : 'models';
    case undefined:
      return target.first;
    default:
      return 'models';
  }
}

/** One look at one address: read-only, at most two seconds, never throws. */
export async function probe(target: ProbeTarget, context: ProbeContext): Promise<ProbeResult> {
  const { clock, previous } = context;
  const session = openSession({
    origin: target.origin,
    clock,
    credential: target.credential,
    auth: target.auth ?? 'bearer',
    headers: target.headers ?? {},
    lookUp: context.lookUp,
    mark: context.mark,
    takesRouters: target.isDeclared,
    signal: context.signal ?? new AbortController().signal,
  });
  const place = {
    basePath: target.basePath,
    prefix: target.basePath.replace(/\/v1$/, ''),
    previous: previous?.state === 'down' ? undefined : previous,
  };
  try {
    for (const recognise of orders[firstQuestion(target, previous)]) {
      const recognised = await recognise(session.ask, place);
      if (session.isOurselves) return { kind: 'self' };
      if (session.isRouter) return await otherRouter(target, session.ask, clock);
      // A side question may have failed after the decisive one was answered.
      if (recognised !== undefined) return { kind: 'server', facts: factsOf(recognised, target, clock) };
      if (session.failure !== undefined) return failed(session.failure);
    }
    return target.isDeclared === true ? await answering(target, session.ask, clock) : { kind: 'other' };
  } finally {
    session.close();
  }
}

function failed(failure: Failure): ProbeResult {
  return failure === 'foreign' ? { kind: 'other' } : { kind: 'nothing', reason: failure };
}

/** A declared server without a listing, such as one that only transcribes: it is there, which is all there is to know. */
async function answering(target: ProbeTarget, ask: Ask, clock: Clock): Promise<ProbeResult> {
  const answer = await ask(`${target.basePath}/models`);
  if (answer === undefined) return { kind: 'other' };
  const isWaiting = answer.status === 503;
  const refusesUs = answer.status === 401 || answer.status === 403;
  const state = isWaiting ? 'loading' : refusesUs ? 'needs-key' : 'ready';
  const detail = isWaiting ? 'is not ready yet' : refusesUs ? 'wants a key' : 'does not list its models';
  return { kind: 'server', facts: factsOf({ kind: 'openai', state, detail, models: [] }, target, clock) };
}

/** It has the face of an Ollama too, but what it serves may be anywhere. */
async function otherRouter(target: ProbeTarget, ask: Ask, clock: Clock): Promise<ProbeResult> {
  const answer = await ask(`${target.basePath}/models`);
  const models = listingOf(answer)?.map(listedModel);
  const state = models === undefined ? 'needs-key' : 'ready';
  const detail = models === undefined ? 'is a router that does not let this one list its models' : undefined;
  const about = { kind: 'openai', state, detail, isAggregator: true, models: models ?? [] } as const;
  return { kind: 'server', facts: factsOf(about, target, clock) };
}

function factsOf(recognised: Recognised, target: ProbeTarget, clock: Clock): ServerFacts {
  return {
    origin: target.origin,
    baseUrl: target.origin + (recognised.basePath ?? target.basePath),
    kind: recognised.kind,
    version: recognised.version,
    state: recognised.state,
    detail: recognised.detail ?? tooManyModels(recognised.models.length),
    models: recognised.models.slice(0, maxModels),
    slots: recognised.slots,
    answersAnyModel: recognised.answersAnyModel ?? false,
    isAggregator: recognised.isAggregator ?? false,
    checkedAtMs: clock.now(),
  };
}
