import type { ModelFacts } from '../../core/facts.ts';
import type { Capability } from '../../core/model.ts';
import { asArray, asObject, asString } from '../../protocols/fields.ts';
import type { JsonObject } from '../../protocols/protocol.ts';
import { type Answer, header, listingOf } from '../answer.ts';
import { bareModel, count, type Place, type Recogniser, typeFromName } from './kind.ts';

/** It answers 200 to any path: only the greeting counts. The greeting stays open when a key is required. */
export const lmStudio: Recogniser = async (ask, place) => {
  const greeting = asObject((await ask('/lmstudio-greeting'))?.json);
  if (greeting?.lmstudio !== true) return undefined;
  for (const generation of generationsToTry(place)) {
    const answer = await ask(generation.path(place));
    if (answer?.status === 401 || answer?.status === 403) {
      return { kind: 'lm_studio', state: 'needs-key', detail: 'wants a key (API token)', models: [] };
    }
    if (answer === undefined) return undefined;
    const models = generation.read(answer);
    if (models !== undefined) return { kind: 'lm_studio', state: 'ready', version: generation.version, models };
  }
  return { kind: 'lm_studio', state: 'ready', models: [], detail: 'does not list its models' };
};

/** The same, at a port that is not reserved for it: asked only where the listing came from an Express server. */
export const lmStudioBehindExpress: Recogniser = async (ask, place) => {
  const answer = await ask(`${place.basePath}/models`);
  return answer !== undefined && header(answer, 'x-powered-by') === 'Express' ? lmStudio(ask, place) : undefined;
};

interface Generation {
  /** It has no version to ask for; its native API tells how new it is. */
  readonly version: string | undefined;
  readonly path: (place: Place) => string;
  /** Undefined when the answer is not this listing: an unknown path is a 200 with an error. */
  readonly read: (answer: Answer) => readonly ModelFacts[] | undefined;
}

const generations: readonly Generation[] = [
  { version: '≥ 0.4.0', path: () => '/api/v1/models', read: readV1 },
  { version: '≥ 0.3.6', path: () => '/api/v0/models', read: readV0 },
  { version: undefined, path: (place) => `${place.basePath}/models`, read: readOpenAi },
];

/** An unknown path stains its log: a generation that was missing last time is not asked again while it runs. */
function generationsToTry(place: Place): readonly Generation[] {
  const { previous } = place;
  if (previous?.kind !== 'lm_studio' || previous.state !== 'ready') return generations;
  const from = generations.findIndex((generation) => generation.version === previous.version);
  return generations.slice(Math.max(0, from));
}

function readV1(answer: Answer): readonly ModelFacts[] | undefined {
  const models = asObject(answer.json)?.models;
  if (!Array.isArray(models)) return undefined;
  return models.filter((entry) => asString(asObject(entry)?.key) !== undefined).map(v1Model);
}

function v1Model(entry: JsonObject): ModelFacts {
  const key = asString(entry.key) ?? '';
  const instances = asArray(entry.loaded_instances).map((instance) => asObject(instance) ?? {});
  const ids = instances.map((instance) => asString(instance.id)).filter((id) => id !== undefined);
  const isEmbedding = entry.type === 'embedding';
  return {
    ...bareModel(key),
    aliases: ids.filter((id) => id !== key),
    type: isEmbedding ? 'embedding' : 'chat',
    context: count(asObject(instances[0]?.config)?.context_length),
    contextMax: count(entry.max_context_length),
    isLoaded: instances.length > 0,
    sizeBytes: count(entry.size_bytes),
    capabilities: isEmbedding ? new Set() : v1Capabilities(asObject(entry.capabilities)),
  };
}

/** Models that were not trained for tools get a generic prompt for them, so tools work with all. */
function v1Capabilities(told: JsonObject | undefined): ReadonlySet<Capability> | undefined {
  if (told === undefined) return undefined;
  const found = new Set<Capability>(['tools', 'structured_output']);
  if (told.vision === true) found.add('vision');
  if (told.reasoning !== undefined && told.reasoning !== null && told.reasoning !== false) found.add('reasoning');
  return found;
}

function readV0(answer: Answer): readonly ModelFacts[] | undefined {
  const entries = listingOf(answer);
  return entries?.every((entry) => typeof entry.state === 'string') === true ? entries.map(v0Model) : undefined;
}

function v0Model(entry: JsonObject): ModelFacts {
  const id = asString(entry.id) ?? '';
  const isEmbedding = entry.type === 'embeddings';
  return {
    ...bareModel(id),
    type: isEmbedding ? 'embedding' : 'chat',
    context: count(entry.loaded_context_length),
    contextMax: count(entry.max_context_length),
    isLoaded: entry.state === 'loaded',
    capabilities: isEmbedding
      ? new Set()
      : new Set<Capability>(['tools', 'structured_output', ...(entry.type === 'vlm' ? ['vision' as const] : [])]),
  };
}

function readOpenAi(answer: Answer): readonly ModelFacts[] | undefined {
  return listingOf(answer)?.map((entry) => {
    const id = asString(entry.id) ?? '';
    const type = typeFromName(id);
    return { ...bareModel(id), type: type === 'unknown' ? 'chat' : type };
  });
}
