import type { Candidate } from '../../core/model.ts';
import { modelPath, modelSegment } from '../path-segment.ts';

/**
 * What the generations of Gemini take differently. Told from the name, since nothing else says it; a name that is no
 * known older generation (`gemini-flash-latest` too) counts as current.
 */
export interface ModelTraits {
  /** How thinking is set: `thinkingLevel` (3 and later), `thinkingBudget` (2.5), or not at all. */
  readonly thinking: 'level' | 'budget' | 'none';
  /** Cannot think less than this, in tokens (2.5 Pro) . */
  readonly minBudget: number;
  readonly maxBudget: number;
  /** Pro models of generation 3 have no level `MINIMAL`. */
  readonly hasMinimalLevel: boolean;
  /** Function calls in the history must be signed, and function responses may carry media. */
  readonly isCurrent: boolean;
}

export function traitsOf(target: Candidate): ModelTraits {
  const name = target.model.upstreamId.toLowerCase();
  const isPro = name.includes('pro');
  const generation = /gemini-(\d+(?:\.\d+)?)/.exec(name)?.[1];
  const number = generation === undefined ? Number.POSITIVE_INFINITY : Number(generation);
  const isGemini = name.includes('gemini');
  const isCurrent = isGemini && number >= 3;
  return {
    thinking: isCurrent ? 'level' : isGemini && number >= 2.5 ? 'budget' : 'none',
    minBudget: isPro ? 128 : 0,
    maxBudget: isPro ? 32_768 : 24_576,
    hasMinimalLevel: !isPro,
    isCurrent,
  };
}

/** Vertex takes labels and wants no `models/` before ids; its endpoints name a project or use Google credentials. */
export function isVertex(target: Candidate): boolean {
  return target.endpoint.auth === 'google' || target.endpoint.settings.project !== undefined;
}

const collection = /^(models|tunedModels|publishers|projects|endpoints)\//;

/** The model's resource name, collection included: tuned models live in another one. */
export function modelResource({ model }: Candidate): string {
  return collection.test(model.upstreamId) ? model.upstreamId : `models/${model.upstreamId}`;
}

/** Where that is below the base URL. Throws `upstream_model_missing` for a name that would lead elsewhere. */
export function modelResourcePath(target: Candidate): string {
  return collection.test(target.model.upstreamId) ? `/${modelPath(target)}` : `/models/${modelSegment(target)}`;
}
