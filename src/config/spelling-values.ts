import { protocolNames } from '../core/model.ts';
import { didYouMean } from './near.ts';
import type { Convert, SpellingContext } from './spelling.ts';
import {
  type ConfigNode,
  type Entry,
  emptyMap,
  type ListNode,
  type MapNode,
  type ScalarNode,
  scalar,
  shown,
} from './tree.ts';

/** What others call our protocols. `openai` is what nearly every server means by being compatible. */
const protocolSpellings: Readonly<Record<string, string>> = {
  openai: 'chat_completions',
  azure: 'chat_completions',
  chatcompletions: 'chat_completions',
  'chat-completions': 'chat_completions',
  anthropic: 'messages',
  gemini: 'generate_content',
  google: 'generate_content',
  generatecontent: 'generate_content',
  bedrock: 'converse',
};

const protocolWords = [...protocolNames, ...Object.keys(protocolSpellings)];

/** A protocol's name in our spelling; an unknown word is reported here, where its foreign spellings are known too. */
const protocolWord: Convert = (node, context) => {
  if (node.kind !== 'scalar' || typeof node.value !== 'string') return node;
  const ours = Object.hasOwn(protocolSpellings, node.value) ? protocolSpellings[node.value] : node.value;
  if (protocolNames.some((name) => name === ours)) return { ...node, value: ours ?? node.value };
  if (node.reference?.unset !== undefined) return undefined;
  context.report(node.mark, context.path, {
    message: `"${shown(node)}" is not a protocol`,
    hint: didYouMean(node.value, protocolWords) ?? `one of ${protocolNames.join(', ')}`,
  });
  return undefined;
};

/** A word or a list of words → a list of words. */
export const protocolList: Convert = (node, context) => {
  if (node.kind === 'map') return node;
  const words = node.kind === 'list' ? node.items : [node];
  const items = words.map((item) => protocolWord(item, context)).filter((item) => item !== undefined);
  // When every word was wrong the problems are told; an empty list would only add one.
  return words.length > 0 && items.length === 0 ? undefined : { kind: 'list', mark: node.mark, items };
};

/** A word, a list of words, a list of `pattern: word` maps, or a map → patterns with lists of words. */
export const protocolPatterns: Convert = (node, context) => {
  if (node.kind === 'map') return patternMap(node, context);
  const maps = node.kind === 'list' ? node.items.filter((item) => item.kind === 'map') : [];
  const isPlain = maps.length === 0;
  const merged: MapNode = isPlain
    ? { ...emptyMap(node.mark), entries: new Map([['*', { keyMark: node.mark, value: node }]]) }
    : // On equal patterns the later entry wins.
      { ...emptyMap(node.mark), entries: new Map(maps.flatMap((map) => [...map.entries])) };
  if (node.kind === 'list' && !isPlain && maps.length < node.items.length) {
    context.report(node.mark, context.path, {
      message: 'words and "pattern: protocol" entries are mixed',
      hint: 'write - "*": chat_completions for the words',
    });
  }
  const patterns = patternMap(merged, context);
  return patterns?.kind === 'map' ? { ...patterns, isAtomic: true } : patterns;
};

const patternMap = (map: MapNode, context: SpellingContext): ConfigNode | undefined => {
  const entries = new Map<string, Entry>();
  for (const [pattern, entry] of map.entries) {
    const value = protocolList(entry.value, { ...context, path: [...context.path, pattern] });
    if (value !== undefined) entries.set(pattern, { ...entry, value });
  }
  return map.entries.size > 0 && entries.size === 0 ? undefined : { ...map, entries };
};

/** Model names as strings → `{ id }`. */
export const modelEntries: Convert = (node) => {
  if (node.kind !== 'list') return node;
  return { ...node, items: node.items.map((item) => (item.kind === 'scalar' ? modelOf(item) : item)) };
};

function modelOf(name: ScalarNode): MapNode {
  return { ...emptyMap(name.mark), entries: new Map([['id', { keyMark: name.mark, value: name }]]) };
}

/** One name where a list is expected. */
export const listOfOne: Convert = (node): ConfigNode => {
  if (node.kind !== 'scalar') return node;
  const list: ListNode = { kind: 'list', mark: node.mark, items: [node] };
  return list;
};

/** A provider type in the catalogue's spelling: `lmstudio`, `LM-Studio` → `lm_studio`. */
export const typeWord: Convert = (node, context) => {
  if (node.kind !== 'scalar' || typeof node.value !== 'string') return node;
  const type = context.knowledge.canonicalType(node.value);
  if (type !== undefined) return { ...node, value: type };
  if (node.reference?.unset !== undefined) return undefined;
  context.report(node.mark, context.path, {
    message: `"${shown(node)}" is not a provider type`,
    hint: didYouMean(node.value, context.knowledge.typeNames) ?? 'leave it out for any OpenAI-compatible server',
  });
  return undefined;
};

export const typeWords: Convert = (node, context) => {
  if (node.kind !== 'list') return node;
  return { ...node, items: node.items.map((item) => typeWord(item, context)).filter((item) => item !== undefined) };
};

/** What others call the types of our models. */
const modelTypeSpellings: Readonly<Record<string, string>> = {
  multimodal: 'chat',
  llm: 'chat',
  text_to_speech: 'speech',
  speech_to_text: 'transcription',
  image_generation: 'image',
  video_generation: 'video',
};

export const modelTypeWord: Convert = (node) => {
  if (node.kind !== 'scalar' || typeof node.value !== 'string' || !Object.hasOwn(modelTypeSpellings, node.value))
    return node;
  return { ...node, value: modelTypeSpellings[node.value] ?? node.value };
};

/** A price in another unit. Rounded to a billionth, so that 1.5e-7 a token is 0.15 a million and not 0.15000000000000002. */
export function scaled(factor: number): Convert {
  return (node) => {
    const price = node.kind === 'scalar' && node.value !== null && node.value !== '' ? Number(node.value) : Number.NaN;
    return Number.isNaN(price) ? node : scalar(Math.round(price * factor * 1e9) / 1e9, node.mark);
  };
}

/** What others call our strategies, beside dashes, underscores and case. */
const strategySpellings: Readonly<Record<string, string>> = {
  'cost-based': 'cost-optimized',
  'latency-based': 'least-latency',
  'weighted-round-robin': 'weighted',
  'least-connections': 'least-busy',
  race: 'fastest',
};

/** A strategy in our spelling: `round_robin`, `Cost-Optimized`. An unknown word is left for the schema. */
export const strategyWord: Convert = (node) => {
  if (node.kind !== 'scalar' || typeof node.value !== 'string') return node;
  const written = node.value
    .trim()
    .toLowerCase()
    .replaceAll(/[_\s]+/g, '-');
  return { ...node, value: strategySpellings[written] ?? written };
};
