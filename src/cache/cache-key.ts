import { createHash } from 'node:crypto';

/** All that two requests must share for the one to get the other's answer. */
export interface CacheSubject {
  readonly protocol: string;
  readonly operation: string;
  /** The path and what it says beside the body: Gemini's model and action. */
  readonly path: string;
  readonly query: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Whose key it came with: answers are not shared between keys. */
  readonly keyName: string | undefined;
  /** What may not leave is never answered by what did. */
  readonly localOnly: boolean | string;
  readonly lock: string | undefined;
  /** The caller's own division. */
  readonly namespace: string | undefined;
}

/** One text for everything that counts, whatever the order in which the fields of the body were written. */
export function cacheKey(subject: CacheSubject): string {
  const { protocol, operation, path, query, body, keyName, localOnly, lock, namespace } = subject;
  const about = [protocol, operation, path, query, keyName ?? null, localOnly, lock ?? null, namespace ?? null];
  return createHash('sha256')
    .update(JSON.stringify(about))
    .update(JSON.stringify(sorted(body)))
    .digest('base64url');
}

/** The same value with the fields of its objects in one order. Bodies are at most 512 levels deep. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const names = Object.keys(value).toSorted();
  return Object.fromEntries(names.map((name) => [name, sorted((value as Record<string, unknown>)[name])]));
}
