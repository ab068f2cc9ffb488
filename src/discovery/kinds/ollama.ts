import type { ModelFacts } from '../../core/facts.ts';
import type { Capability, ModelType } from '../../core/model.ts';
import { asArray, asObject, asString } from '../../protocols/fields.ts';
import type { JsonObject } from '../../protocols/protocol.ts';
import type { Ask } from '../answer.ts';
import { count, type Place, type Recogniser, typeFromName } from './kind.ts';

/**
 * `/api/version` alone may be an imitation; the text at `/` decides, unless LocalAI says it too. Only the tables that
 * a GET returns are read: `/api/show` is a POST, and a probe never posts.
 */
export const ollama: Recogniser = async (ask, place) => {
  const version = asString(asObject((await ask(`${place.prefix}/api/version`))?.json)?.version);
  if (version === undefined) return undefined;
  const isKnown = place.previous?.kind === 'ollama' && place.previous.version === version;
  if (!isKnown && !(await isOriginal(ask, place))) return undefined;
  const [tags, running] = [await rows(ask, `${place.prefix}/api/tags`), await rows(ask, `${place.prefix}/api/ps`)];
  if (tags === undefined) return undefined;
  const loaded = new Map((running ?? []).map((row) => [asString(row.name), row]));
  return {
    kind: 'ollama',
    state: 'ready',
    version,
    models: tags.map((tag) => model(tag, loaded.get(asString(tag.name)))),
  };
};

async function isOriginal(ask: Ask, place: Place): Promise<boolean> {
  const root = await ask(`${place.prefix}/`);
  if (root?.status !== 200 || root.text.trim() !== 'Ollama is running') return false;
  return asObject((await ask('/.well-known/localai.json'))?.json) === undefined;
}

async function rows(ask: Ask, path: string): Promise<readonly JsonObject[] | undefined> {
  const models = asObject((await ask(path))?.json)?.models;
  if (models === null) return [];
  return Array.isArray(models) ? models.filter((row) => asString(asObject(row)?.name) !== undefined) : undefined;
}

/** `running` is the model's row in `/api/ps`: only there stands the context in use. */
function model(tag: JsonObject, running: JsonObject | undefined): ModelFacts {
  const id = asString(tag.name) ?? '';
  const words = capabilityWords(tag);
  const type = typeOf(id, tag, words);
  return {
    id,
    upstreamId: id,
    aliases: [],
    type,
    context: count(running?.context_length),
    contextMax: count(asObject(tag.details)?.context_length),
    isLoaded: running !== undefined,
    sizeBytes: count(tag.size),
    capabilities: words === undefined ? undefined : capabilitiesOf(words),
    isRemote: isRemote(id, tag),
    created: Math.floor((Date.parse(asString(tag.modified_at) ?? '') || 0) / 1_000),
  };
}

/** A tag that says `cloud` runs on Ollama's machines even where an older version does not name the host. */
function isRemote(id: string, tag: JsonObject): boolean {
  const host = asString(tag.remote_host);
  return (host !== undefined && host !== '') || /[:-]cloud$/i.test(id);
}

/** Undefined in versions that only tell it by `/api/show`. */
function capabilityWords(tag: JsonObject): readonly unknown[] | undefined {
  const words = asArray(tag.capabilities);
  return words.length === 0 ? undefined : words;
}

function typeOf(id: string, tag: JsonObject, words: readonly unknown[] | undefined): ModelType {
  if (words?.includes('completion') === true) return 'chat';
  if (words?.includes('embedding') === true) return 'embedding';
  if (words?.includes('image') === true) return 'image';
  const details = asObject(tag.details) ?? {};
  const families = [details.family, ...asArray(details.families)];
  if (families.some((family) => typeof family === 'string' && /bert/i.test(family))) return 'embedding';
  const named = typeFromName(id);
  return named === 'unknown' ? 'chat' : named;
}

const capabilityByWord: Readonly<Record<string, Capability>> = {
  tools: 'tools',
  vision: 'vision',
  thinking: 'reasoning',
  audio: 'audio',
};

/** Structured output is the engine's work, whatever the model. */
function capabilitiesOf(words: readonly unknown[]): ReadonlySet<Capability> {
  const found = new Set<Capability>(words.includes('completion') ? ['structured_output'] : []);
  for (const word of words) {
    const capability = typeof word === 'string' ? capabilityByWord[word] : undefined;
    if (capability !== undefined) found.add(capability);
  }
  return found;
}
