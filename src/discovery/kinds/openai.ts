import { kindByOwner } from '../../catalogue/local-servers.ts';
import type { ModelFacts } from '../../core/facts.ts';
import type { ServerKind } from '../../core/model.ts';
import { asObject, asString } from '../../protocols/fields.ts';
import type { JsonObject } from '../../protocols/protocol.ts';
import { type Answer, type Ask, header, listingOf } from '../answer.ts';
import { bareModel, count, type Place, type Recognised, type Recogniser } from './kind.ts';
import { lmStudio } from './lm-studio.ts';

/** Decides by `owned_by`. All entries must agree: Ollama and aggregators write names of their own choosing there. */
export const byOwner: Recogniser = async (ask, place) => {
  const entries = listingOf(await ask(`${place.basePath}/models`)) ?? [];
  const kinds = new Set(entries.map((entry) => kindByOwner[asString(entry.owned_by) ?? '']));
  const [kind] = kinds;
  if (kind === undefined || kinds.size !== 1) return undefined;
  if (kind === 'lm_studio') return lmStudio(ask, place);
  // llama.cpp proves itself by its header; `owned_by` alone may be a proxy's copy.
  if (kind === 'llamacpp') return undefined;
  return { kind, state: 'ready', version: await versionOf(kind, ask, place), models: entries.map(listedModel) };
};

async function versionOf(kind: ServerKind, ask: Ask, place: Place): Promise<string | undefined> {
  if (kind !== 'vllm') return undefined;
  return asString(asObject((await ask(`${place.prefix}/version`))?.json)?.version);
}

/** Whatever lists models as OpenAI does, or refuses to in OpenAI's words. */
export const openAiCompatible: Recogniser = async (ask, place) => {
  const answer = await ask(`${place.basePath}/models`);
  const entries = listingOf(answer);
  if (answer === undefined) return undefined;
  if (entries === undefined) return refusing(answer, ask, place);
  const kind = await nameOf({ answer, entries }, ask, place);
  if (kind === undefined) return undefined;
  return {
    kind,
    state: 'ready',
    isAggregator: kind === 'litellm',
    models: entries.map(listedModel),
  };
};

/** Text at its root names Docker Model Runner; its OpenAI base stands under `/engines`. */
export const dockerModelRunner: Recogniser = async (ask) => {
  const root = await ask('/');
  if (root?.text.trim() !== 'Docker Model Runner is running') return undefined;
  const entries = listingOf(await ask('/engines/v1/models')) ?? [];
  return { kind: 'docker_model_runner', state: 'ready', basePath: '/engines/v1', models: entries.map(listedModel) };
};

/** Fields that servers and hosted providers use for the size of the context. */
const contextFields = ['max_model_len', 'context_length', 'context_window', 'max_context_length'];

/** An entry of an OpenAI listing. A vLLM LoRA has no context of its own. */
export function listedModel(entry: JsonObject): ModelFacts {
  const id = asString(entry.id) ?? '';
  const field = contextFields.find((name) => count(entry[name]) !== undefined);
  return {
    ...bareModel(id),
    context: field === undefined ? undefined : count(entry[field]),
    isLoaded: entry.owned_by === 'vllm' || entry.owned_by === 'sglang' ? true : undefined,
    created: count(entry.created) ?? 0,
  };
}

/** A 401 counts in OpenAI's envelope only: many programs answer 401 to everything. */
async function refusing(answer: Answer, ask: Ask, place: Place): Promise<Recognised | undefined> {
  if (answer.status !== 401 && answer.status !== 403) return undefined;
  const needsKey = { state: 'needs-key', detail: 'wants a key', models: [] } as const;
  if (answer.text.trim() === 'Missing authorization header') return { ...needsKey, kind: 'jan' };
  const error = asObject(answer.json)?.error;
  if (error === 'Unauthorized' && header(answer, 'server') === 'uvicorn') {
    const version = await versionOf('vllm', ask, place);
    return { ...needsKey, kind: version === undefined ? 'openai' : 'vllm', version };
  }
  if (asString(asObject(error)?.message) === undefined) return undefined;
  const isLiteLlm = (await isLiteLlmProxy(ask, place)) === true;
  return { ...needsKey, kind: isLiteLlm ? 'litellm' : 'openai', isAggregator: isLiteLlm };
}

/** Kinds that only an extra question tells apart; it is not put again while the server runs. */
const told: ReadonlySet<ServerKind> = new Set(['openai', 'litellm', 'tgi', 'localai', 'mlx_lm']);

/** Undefined when the question that decides was not answered: an aggregator must not pass for a local server. */
async function nameOf(
  listing: { readonly answer: Answer; readonly entries: readonly JsonObject[] },
  ask: Ask,
  place: Place,
): Promise<ServerKind | undefined> {
  const { answer, entries } = listing;
  if (place.previous?.state === 'ready' && told.has(place.previous.kind)) return place.previous.kind;
  if (entries.length > 0 && entries.every((entry) => entry.owned_by === entry.id)) {
    const info = asObject((await ask(`${place.prefix}/info`))?.json);
    if (info?.router === 'text-generation-router') return 'tgi';
  }
  if (entries.every((entry) => entry.owned_by === undefined)) {
    const unowned = await unownedKind(answer, ask);
    if (unowned !== undefined) return unowned;
  }
  const isLiteLlm = await isLiteLlmProxy(ask, place);
  return isLiteLlm === undefined ? undefined : isLiteLlm ? 'litellm' : 'openai';
}

async function unownedKind(answer: Answer, ask: Ask): Promise<ServerKind | undefined> {
  if (asObject((await ask('/.well-known/localai.json'))?.json) !== undefined) return 'localai';
  if (!header(answer, 'server').startsWith('BaseHTTP/')) return undefined;
  return asObject((await ask('/health'))?.json)?.status === 'ok' ? 'mlx_lm' : undefined;
}

/** Its `/health` would call every model behind it; this path calls none. Undefined without an answer. */
async function isLiteLlmProxy(ask: Ask, place: Place): Promise<boolean | undefined> {
  if (place.previous !== undefined && told.has(place.previous.kind)) return place.previous.kind === 'litellm';
  const answer = await ask(`${place.prefix}/health/liveliness`);
  return answer === undefined ? undefined : answer.json === "I'm alive!";
}
