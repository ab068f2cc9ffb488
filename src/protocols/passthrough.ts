import type { Candidate } from '../core/model.ts';
import { remembered } from '../core/remembered.ts';
import type { Splice } from './splice.ts';

/*
 * Edits of a body that is passed through, for the formats' `edit`: only these top-level values change.
 */

type Params = Candidate['params'];

const idJson = remembered((id) => JSON.stringify(id));

/** Names the model as the upstream knows it. */
export function setModel(splice: Splice, { model }: Candidate): void {
  splice.set('model', idJson(model.upstreamId));
}

/**
 * Fills in the parameters of a preset or virtual model that the client left out. They are named as chat completions
 * has them; `spellings` has the names of a protocol that spells them otherwise.
 */
export function fillParams(splice: Splice, params: Params, spellings: Readonly<Record<string, string>> = {}): void {
  for (const [name, value] of Object.entries(params ?? {})) {
    splice.fill(spellings[name] ?? name, JSON.stringify(value));
  }
}

/** What queries know of the parameters that presets are written in; the rest is about generating. */
const queryParams: ReadonlySet<string> = new Set(['dimensions', 'encoding_format', 'user', 'top_n', 'truncate']);

/** The same for embeddings and reranking, which know only a few of them. */
export function fillQueryParams(splice: Splice, params: Params): void {
  for (const [name, value] of Object.entries(params ?? {})) {
    if (queryParams.has(name)) splice.fill(name, JSON.stringify(value));
  }
}
