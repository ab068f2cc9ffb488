import type { Resolution, ResolveRequest } from './resolution.ts';
import { resolve } from './resolve.ts';
import type { Snapshot } from './snapshot.ts';

/** Names that are remembered; clients can invent any number of them. */
const maxRemembered = 256;

/**
 * Resolves, and remembers what it found: requests repeat a few names, and what a name means only changes with the
 * snapshot. A request with wishes of its own is resolved every time.
 */
export class ResolutionCache {
  #snapshot: Snapshot | undefined;
  readonly #found = new Map<string, Resolution>();

  resolve(snapshot: Snapshot, request: ResolveRequest): Resolution {
    if (!isPlain(request)) return resolve(snapshot, request);
    if (snapshot !== this.#snapshot) {
      this.#snapshot = snapshot;
      this.#found.clear();
    }
    const key = `${request.operation} ${request.model}`;
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    const resolution = resolve(snapshot, request);
    if (resolution.kind === 'found' && this.#found.size < maxRemembered) this.#found.set(key, resolution);
    return resolution;
  }
}

function isPlain({ lock, localOnly, allowedModels, needs }: ResolveRequest): boolean {
  return lock === undefined && (localOnly ?? false) === false && allowedModels === undefined && needs === undefined;
}
