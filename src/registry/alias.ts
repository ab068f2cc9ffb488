import type { ModelType } from '../core/model.ts';

/** Registry and namespace that Ollama fills in by itself. */
const ollamaDefaults = /^(?:registry\.ollama\.ai\/)?(?:library\/)?/i;

/** All the spellings that Ollama takes for one model: with and without `:latest`, with and without `library/`. */
export function ollamaNames(id: string): readonly string[] {
  const bare = id.replace(ollamaDefaults, '');
  const names = new Set([bare, ...latest(bare)]);
  if (!bare.includes('/')) for (const name of [...names]) names.add(`library/${name}`);
  names.delete(id);
  return [...names];
}

function latest(name: string): readonly string[] {
  if (name.endsWith(':latest')) return [name.slice(0, -':latest'.length)];
  const tail = name.slice(name.lastIndexOf('/') + 1);
  return tail.includes(':') ? [] : [`${name}:latest`];
}

/** True for an Ollama name that its server sends on to its maker's cloud. */
export function isOllamaCloudName(id: string): boolean {
  return /[:-]cloud$/i.test(id);
}

const typeByName: readonly (readonly [RegExp, ModelType])[] = [
  [/embed/i, 'embedding'],
  [/rerank/i, 'rerank'],
  [/whisper|transcribe/i, 'transcription'],
  [/\btts\b/i, 'speech'],
  [/moderation/i, 'moderation'],
  [/dall-e|gpt-image|chatgpt-image|imagen|stable-diffusion|\bflux\b/i, 'image'],
  [/\bsora\b|\bveo\b/i, 'video'],
  [/^(?:babbage|davinci)-/i, 'completion'],
];

/** What a hosted model is for, where its listing does not say: only names that mean one thing everywhere. */
export function typeFromName(id: string): ModelType {
  return typeByName.find(([pattern]) => pattern.test(id))?.[1] ?? 'unknown';
}
