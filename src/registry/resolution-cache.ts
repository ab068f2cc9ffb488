import { copyOf } from '../core/remembered.ts';
import type { Resolution, ResolveRequest } from './resolution.ts';
import { resolve } from './resolve.ts';
import type { Snapshot } from './snapshot.ts';

/** Names that are remembered for each operation; clients can invent any number of them. */
const maxRemembered = 256;
/** Nor names longer than this, since a body is room enough for one of megabytes. Characters. */
const maxLength = 256;

/**
 * Resolves, and remembers what it found: requests repeat a few names, and what a name means only changes with the
 * snapshot. A request with wishes of its own is resolved every time.
 */
export class ResolutionCache {
  #snapshot: Snapshot | undefined;
  /** By operation, then by name. */
  readonly #found = new Map<string, Map<string, Resolution>>();

  resolve(snapshot: Snapshot, request: ResolveRequest): Resolution {
    if (!isPlain(request)) return resolve(snapshot, request);
    if (snapshot !== this.#snapshot) {
      this.#snapshot = snapshot;
      this.#found.clear();
    }
    let names = this.#found.get(request.operation);
    if (names === undefined) {
      names = new Map();
      this.#found.set(request.operation, names);
    }
    const known = names.get(request.model);
    if (known !== undefined) return known;
    const resolution = resolve(snapshot, request);
    if (resolution.kind === 'found' && request.model.length <= maxLength) remember(names, request.model, resolution);
    return resolution;
  }
}

/** Of too many names the one that came first goes: one that is still asked for comes back with its next request. */
function remember(names: Map<string, Resolution>, name: string, resolution: Resolution): void {
  if (names.size >= maxRemembered) names.delete(names.keys().next().value as string);
  names.set(copyOf(name), resolution);
}

function isPlain({ insteadOf, lock, localOnly, allowedModels, needs }: ResolveRequest): boolean {
  const isUnbound = lock === undefined && (localOnly ?? false) === false && allowedModels === undefined;
  return isUnbound && insteadOf === undefined && needs === undefined;
}
