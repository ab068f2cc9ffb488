import type { Candidate } from '../core/model.ts';
import { ollamaNames } from './alias.ts';
import type { Match } from './match.ts';
import { matchesPattern, splitFirst } from './names.ts';
import { readingsOf } from './plain-name.ts';
import type { ResolveRequest } from './resolution.ts';

/** Names that a key may use; patterns with `*`. Undefined is all. */
export type AllowedModels = readonly string[] | undefined;

/** What a client's key lets a request have of what its name means. */
export interface Permission {
  /** Neither the name nor anything it means is in the key's list. */
  readonly isForbidden: boolean;
  /** Whether it may have one of the candidates that the name itself means. */
  readonly mayHave: (candidate: Candidate) => boolean;
}

const everything: Permission = { isForbidden: false, mayHave: () => true };

/**
 * The list is about names that are asked for: another model never answers for one that is not in it, be it that a
 * virtual model, a server with one model or a default would. What stands in for a name must be in the list too; the
 * endpoints of a virtual model need not, since the author of the list can know them.
 */
export function permissionFor(request: ResolveRequest, match: Match): Permission {
  const allowed = request.allowedModels;
  if (allowed === undefined) return everything;
  const isMeant = match.names.some((name) => isNameAllowed(name, allowed) || isPinAllowed(match.pin, name, allowed));
  const has = (candidate: Candidate) => isModelAllowed(candidate, allowed);
  if (match.basis === 'fallback') {
    return { isForbidden: !isAskedAllowed(request), mayHave: (candidate) => isMeant || has(candidate) };
  }
  const isWhole = isMeant || (match.pin === undefined ? isAskedAllowed(request) : allowed.includes(request.model));
  const mayHave = (candidate: Candidate) => isWhole || (match.isItself && has(candidate));
  return { isForbidden: !isWhole && !match.candidates.some(mayHave), mayHave };
}

/** Whether the name as the client wrote it, or as it is plainly meant, is in the key's list. */
export function isAskedAllowed({ model, allowedModels }: ResolveRequest): boolean {
  return [model, ...readingsOf(model)].some((name) => isNameAllowed(name, allowedModels));
}

/** Whether a list has a name that says nothing of a provider. */
export function isNameAllowed(name: string, allowed: AllowedModels): boolean {
  return allowed === undefined || allowed.some((pattern) => matchesPattern(pattern, name));
}

/** Whether a list has a model under one of its own names: with and without tag, alone and behind its provider. */
export function isModelAllowed({ model, endpoint }: Candidate, allowed: AllowedModels): boolean {
  if (allowed === undefined) return true;
  const names = [model.id, ...ollamaNames(model.id)];
  return names.some((name) => isNameAllowed(name, allowed) || isPinAllowed(endpoint.providerId, name, allowed));
}

/** `provider:model` or `provider/model`. The provider must be written out: `llama*` does not mean `llamacpp:qwen3`. */
function isPinAllowed(provider: string | undefined, name: string, allowed: AllowedModels): boolean {
  if (provider === undefined) return false;
  return (
    allowed === undefined ||
    allowed.some((pattern) =>
      [':', '/'].some((separator) => {
        const [word, rest] = splitFirst(pattern, separator) ?? [];
        return (word === provider || word === '*') && rest !== undefined && matchesPattern(rest, name);
      }),
    )
  );
}
