import type { ModelType, Operation } from './model.ts';

/** Which other models may answer in a model's place. */
export type StandIn =
  /** Any of its kind: text is text. */
  | 'any'
  /** The same model elsewhere; a virtual model may list others, whose answers fit too. */
  | 'listed'
  /** The same model alone, whatever is listed: vectors of two models cannot be compared. */
  | 'same';

/** What the router has to know of an operation, whatever the protocol. */
export interface OperationTraits {
  /** How a message names it, behind "does not do". */
  readonly label: string;
  /** Where clients of OpenAI's protocol ask for it, for hints. */
  readonly path: string;
  /** Models that do it. `unknown` are those whose server does not tell. */
  readonly modelTypes: readonly ModelType[];
  readonly standIn: StandIn;
  /** It may be asked of `auto`, or of no model at all. */
  readonly takesAnyModel: boolean;
  /** The answer is text that a model writes: it has a length to pay for, and a stream of it ends with a marker. */
  readonly generates: boolean;
  /** What a request's body is. */
  readonly body: 'json' | 'form';
}

/** Every operation there is. A new one is a word of `operations`, a row here, its formats, and its paths. */
export const operationTraits: Readonly<Record<Operation, OperationTraits>> = {
  chat: {
    label: 'chat',
    path: '/v1/chat/completions',
    modelTypes: ['chat', 'unknown'],
    standIn: 'any',
    takesAnyModel: true,
    generates: true,
    body: 'json',
  },
  completions: {
    label: 'completions',
    path: '/v1/completions',
    modelTypes: ['completion', 'chat', 'unknown'],
    standIn: 'any',
    takesAnyModel: false,
    generates: true,
    body: 'json',
  },
  embeddings: {
    label: 'embeddings',
    path: '/v1/embeddings',
    modelTypes: ['embedding', 'unknown'],
    standIn: 'same',
    takesAnyModel: false,
    generates: false,
    body: 'json',
  },
  count_tokens: {
    label: 'count tokens',
    path: '/v1/messages/count_tokens',
    modelTypes: ['chat', 'completion', 'unknown'],
    standIn: 'any',
    takesAnyModel: true,
    generates: false,
    body: 'json',
  },
  rerank: {
    label: 'rerank',
    path: '/v1/rerank',
    modelTypes: ['rerank', 'unknown'],
    standIn: 'listed',
    takesAnyModel: false,
    generates: false,
    body: 'json',
  },
  speech: {
    label: 'speech',
    path: '/v1/audio/speech',
    modelTypes: ['speech', 'audio', 'unknown'],
    standIn: 'listed',
    takesAnyModel: false,
    generates: false,
    body: 'json',
  },
  transcriptions: {
    label: 'transcriptions',
    path: '/v1/audio/transcriptions',
    modelTypes: ['transcription', 'audio', 'unknown'],
    standIn: 'listed',
    takesAnyModel: false,
    generates: false,
    body: 'form',
  },
  translations: {
    label: 'translations',
    path: '/v1/audio/translations',
    modelTypes: ['transcription', 'audio', 'unknown'],
    standIn: 'listed',
    takesAnyModel: false,
    generates: false,
    body: 'form',
  },
  images: {
    label: 'images',
    path: '/v1/images/generations',
    modelTypes: ['image', 'unknown'],
    standIn: 'listed',
    takesAnyModel: false,
    generates: false,
    body: 'json',
  },
  image_edits: {
    label: 'image edits',
    path: '/v1/images/edits',
    modelTypes: ['image', 'unknown'],
    standIn: 'listed',
    takesAnyModel: false,
    generates: false,
    body: 'form',
  },
  moderations: {
    label: 'moderations',
    path: '/v1/moderations',
    modelTypes: ['moderation', 'unknown'],
    standIn: 'listed',
    takesAnyModel: false,
    generates: false,
    body: 'json',
  },
};

/** Where models of this type are asked: the paths of what they are for. Empty for a type that no operation serves. */
export function pathsFor(type: ModelType): readonly string[] {
  const traits = Object.values(operationTraits);
  const own = traits.find(({ modelTypes }) => modelTypes[0] === type);
  return (own === undefined ? traits.filter(({ modelTypes }) => modelTypes.includes(type)) : [own]).map(
    ({ path }) => path,
  );
}
