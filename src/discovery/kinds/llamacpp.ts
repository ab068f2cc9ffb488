import type { ModelFacts } from '../../core/facts.ts';
import type { Capability } from '../../core/model.ts';
import { asArray, asObject, asString } from '../../protocols/fields.ts';
import type { JsonObject } from '../../protocols/protocol.ts';
import { type Answer, type Ask, header, listingOf } from '../answer.ts';
import { count, type Place, type Recognised, type Recogniser, typeFromName } from './kind.ts';

/** The header is on every answer, whatever the status. */
export const llamacpp: Recogniser = async (ask, place) => {
  const answer = await ask(`${place.basePath}/models`);
  if (answer === undefined || header(answer, 'server') !== 'llama.cpp') return undefined;
  return answer.status === 200 ? serving(answer, ask, place) : { ...notServing(answer), kind: 'llamacpp', models: [] };
};

function notServing(answer: Answer): Pick<Recognised, 'state' | 'detail'> {
  switch (answer.status) {
    case 503:
      return { state: 'loading', detail: 'is loading its model' };
    case 401:
    case 403:
      return { state: 'needs-key', detail: 'wants a key (--api-key)' };
    default:
      return { state: 'ready', detail: 'has its API under another path (--api-prefix); declare it with its api_base' };
  }
}

async function serving(answer: Answer, ask: Ask, place: Place): Promise<Recognised> {
  const props = asObject((await ask(`${place.prefix}/props`))?.json) ?? {};
  const isRouterMode = props.role === 'router';
  return {
    kind: 'llamacpp',
    state: 'ready',
    version: asString(props.build_info),
    slots: isRouterMode ? undefined : count(props.total_slots),
    answersAnyModel: !isRouterMode,
    models: (listingOf(answer) ?? []).map((entry) => (isRouterMode ? routerModel(entry) : onlyModel(entry, props))),
  };
}

/** `tiny.gguf` and `/models/tiny-00001-of-00003.gguf` are `tiny`; other ids, such as `-hf` names, stand as they are. */
function cleanId(listed: string): string {
  const isPath = /\.gguf$/i.test(listed) || /^([a-z]:)?[\\/.]/i.test(listed);
  if (!isPath) return listed;
  const file = listed.split(/[\\/]/).at(-1) ?? listed;
  const name = file.replace(/\.gguf$/i, '').replace(/-\d{5}-of-\d{5}$/, '');
  return name === '' ? listed : name;
}

function model(entry: JsonObject): Omit<ModelFacts, 'isLoaded' | 'capabilities'> {
  const upstreamId = asString(entry.id) ?? '';
  const id = cleanId(upstreamId);
  const meta = asObject(entry.meta) ?? {};
  const aliases = asArray(entry.aliases).filter((alias) => typeof alias === 'string');
  return {
    id,
    upstreamId,
    aliases: [...new Set(aliases.map(cleanId))].filter((alias) => alias !== id),
    // Chat and embedding servers list the same; the name is all there is.
    type: typeFromName(id),
    context: count(meta.n_ctx),
    contextMax: count(meta.n_ctx_train),
    sizeBytes: count(meta.size),
    isRemote: false,
    created: count(entry.created) ?? 0,
  };
}

function onlyModel(entry: JsonObject, props: JsonObject): ModelFacts {
  const listed = model(entry);
  const settings = asObject(props.default_generation_settings) ?? {};
  return {
    ...listed,
    context: listed.context ?? count(settings.n_ctx),
    isLoaded: props.is_sleeping !== true,
    capabilities: capabilitiesOf(props),
  };
}

/** Undefined for versions that do not describe their template. */
function capabilitiesOf(props: JsonObject): ReadonlySet<Capability> | undefined {
  const template = asObject(props.chat_template_caps);
  const modalities = asObject(props.modalities);
  if (template === undefined || modalities === undefined) return undefined;
  const found = new Set<Capability>(['structured_output']);
  if (template.supports_tools === true || template.supports_tool_calls === true) found.add('tools');
  if (template.supports_reasoning_effort === true || template.supports_preserve_reasoning === true) {
    found.add('reasoning');
  }
  if (modalities.vision === true) found.add('vision');
  if (modalities.audio === true) found.add('audio');
  return found;
}

/** Router mode loads on request; what it lists beside the names are command lines, which go no further. */
function routerModel(entry: JsonObject): ModelFacts {
  return { ...model(entry), isLoaded: asObject(entry.status)?.value === 'loaded', capabilities: undefined };
}
