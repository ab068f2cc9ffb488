import type { ModelFacts, ServerFacts } from '../../core/facts.ts';
import type { ModelType, ServerKind } from '../../core/model.ts';
import type { Ask } from '../answer.ts';

/** What is being probed, as far as recognising needs it. */
export interface Place {
  /** Path of the OpenAI-compatible base: `/v1` unless the user or the kind says otherwise. */
  readonly basePath: string;
  /** In front of a server's own paths: '' unless it was moved (`--api-prefix`). */
  readonly prefix: string;
  /** What answered here last time: spares questions whose answer does not change while a server runs. */
  readonly previous: ServerFacts | undefined;
}

/** A recognised server, less what the probe itself knows. */
export interface Recognised {
  readonly kind: ServerKind;
  readonly state: Exclude<ServerFacts['state'], 'down'>;
  readonly models: readonly ModelFacts[];
  readonly version?: string | undefined;
  readonly detail?: string | undefined;
  readonly slots?: number | undefined;
  readonly answersAnyModel?: boolean | undefined;
  readonly isAggregator?: boolean | undefined;
  /** Where the kind has its OpenAI base elsewhere than it was asked. */
  readonly basePath?: string | undefined;
}

/** Whether this kind stands at the place, and what it serves. Undefined: it is another kind, or unknown. */
export type Recogniser = (ask: Ask, place: Place) => Promise<Recognised | undefined>;

/** A whole number above zero; servers write 0 or null for "unknown". */
export function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : undefined;
}

/** The type that a name gives away, where the server tells nothing. */
export function typeFromName(name: string): ModelType {
  if (/rerank/i.test(name)) return 'rerank';
  if (/embed|minilm|(^|[-_/])(bge|gte|e5)-/i.test(name)) return 'embedding';
  if (/(^|[-_/])whisper/i.test(name)) return 'transcription';
  return 'unknown';
}

/** A model of which only the name is known. */
export function bareModel(id: string): ModelFacts {
  return {
    id,
    upstreamId: id,
    aliases: [],
    type: typeFromName(id),
    context: undefined,
    contextMax: undefined,
    isLoaded: undefined,
    sizeBytes: undefined,
    capabilities: undefined,
    isRemote: false,
    created: 0,
  };
}
