import { append } from '../core/append.ts';
import type { Candidate, ServedModel } from '../core/model.ts';
import { candidateAt } from './candidates.ts';
import { type Match, nothing } from './match.ts';
import { isUsable, type Provider, type Snapshot } from './snapshot.ts';

/**
 * `auto`, or no model at all: any model that can chat. Local servers bring all their chat models, loaded ones first; a
 * hosted provider brings the one it was told to use, else its first.
 */
export function matchAuto(snapshot: Snapshot): Match | undefined {
  const candidates: Candidate[] = [];
  for (const provider of snapshot.providers.values()) {
    if (!isUsable(provider)) continue;
    const local = provider.offers.filter(({ model }) => model.isLocal && isChat(model));
    const preferred = local.length > 0 && provider.defaultModel === undefined ? local : firstChat(snapshot, provider);
    append(candidates, preferred);
  }
  if (candidates.length === 0) return undefined;
  const byLoad = candidates.toSorted((one, other) => Number(isCold(one)) - Number(isCold(other)));
  return { ...nothing, rule: 'auto', basis: 'any', candidates: byLoad, names: ['auto'] };
}

/** The one chat model that stands for a provider: its `default_model`, else the first that is known to chat. */
export function firstChat(snapshot: Snapshot, provider: Provider): readonly Candidate[] {
  if (provider.defaultModel !== undefined) return [candidateAt(snapshot, provider, provider.defaultModel)];
  const chats = provider.offers.filter(({ model }) => isChat(model));
  const first = chats.find(({ model }) => model.type === 'chat') ?? chats[0];
  return first === undefined ? [] : [first];
}

function isChat(model: ServedModel): boolean {
  return model.type === 'chat' || model.type === 'unknown';
}

function isCold(candidate: Candidate): boolean {
  return candidate.model.isLoaded === false;
}
