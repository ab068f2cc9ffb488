import { createHash } from 'node:crypto';
import type { Capability, ModelType } from '../../core/model.ts';
import { present } from '../fields.ts';
import type { JsonObject } from '../protocol.ts';
import { timestamp, type WireModel } from './wire.ts';

/** What the pages tell of one model, whatever server has it. */
export interface PageModel {
  readonly id: string;
  readonly type: ModelType;
  readonly sizeBytes?: number | undefined;
  /** Tokens. */
  readonly context?: number | undefined;
  /** Undefined when unknown. */
  readonly capabilities?: ReadonlySet<Capability> | undefined;
  readonly isLoaded?: boolean | undefined;
  /** Unix seconds; 0 when unknown. */
  readonly created: number;
  /** Host of a model that does not run on the user's own machines. */
  readonly remoteHost?: string | undefined;
  readonly details?: ModelDetails | undefined;
}

/** As far as the upstream tells. */
export interface ModelDetails {
  readonly format?: string | undefined;
  readonly family?: string | undefined;
  /** `8B` */
  readonly parameterSize?: string | undefined;
  /** `Q4_K_M` */
  readonly quantization?: string | undefined;
}

/** Recent enough for every feature that clients ask the version for: tools, thinking, structured output. */
const version = '0.33.0';

/** The architecture of a model that tells none; clients use it as the prefix of other keys. */
const unknownFamily = 'unknown';

/** Loaded models are unloaded by their own servers, at times they do not tell us. */
const noExpiry = '9999-12-31T23:59:59Z';

export function versionPage(): JsonObject {
  return { version };
}

/** `GET /api/tags` */
export function tagsPage(models: readonly PageModel[]): JsonObject {
  return { models: models.map(tag) };
}

/** `GET /api/ps` */
export function psPage(models: readonly PageModel[]): JsonObject {
  return { models: models.filter(({ isLoaded }) => isLoaded === true).map(loadedTag) };
}

function tag(model: PageModel): WireModel {
  return {
    name: model.id,
    model: model.id,
    modified_at: timestamp(model.created * 1000),
    size: model.sizeBytes ?? 0,
    digest: digestOf(model.id),
    details: wireDetails(model.details),
    ...present({
      remote_model: model.remoteHost === undefined ? undefined : model.id,
      remote_host: model.remoteHost,
    }),
  };
}

function loadedTag(model: PageModel) {
  const { modified_at: _, ...known } = tag(model);
  return { ...known, expires_at: noExpiry, size_vram: 0, ...present({ context_length: model.context }) };
}

/** The command line cuts it without looking: it must be there and long, and the same for the same name. */
function digestOf(id: string): string {
  return createHash('sha256').update(id).digest('hex');
}

function wireDetails(details: ModelDetails = {}): WireModel['details'] {
  const family = details.family ?? '';
  return {
    parent_model: '',
    format: details.format ?? '',
    family,
    families: family === '' ? [] : [family],
    parameter_size: details.parameterSize ?? '',
    quantization_level: details.quantization ?? '',
  };
}

/** `POST /api/show` */
export function showPage(model: PageModel): JsonObject {
  return {
    license: '',
    modelfile: '',
    parameters: '',
    template: '',
    details: wireDetails(model.details),
    model_info: modelInfo(model),
    capabilities: wireCapabilities(model),
    modified_at: timestamp(model.created * 1000),
  };
}

function modelInfo({ id, context, details }: PageModel): JsonObject {
  const architecture = details?.family ?? unknownFamily;
  return present({
    'general.architecture': architecture,
    'general.basename': id,
    [`${architecture}.context_length`]: context,
  });
}

const capabilityWords = [
  ['tools', 'tools'],
  ['vision', 'vision'],
  ['reasoning', 'thinking'],
] as const satisfies readonly (readonly [Capability, string])[];

/**
 * Tools are promised unless the model is known to lack them, as requests with tools are sent to it just so: editors
 * hide models that do not promise them.
 */
function wireCapabilities({ type, capabilities }: PageModel): readonly string[] {
  if (type === 'embedding') return ['embedding'];
  if (capabilities === undefined) return ['completion', 'tools'];
  return ['completion', ...capabilityWords.filter(([own]) => capabilities.has(own)).map(([, word]) => word)];
}
