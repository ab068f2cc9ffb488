import type { Candidate, Usage } from '../core/model.ts';
import { costOf } from '../usage/cost.ts';

/** US dollars. Local costs nothing unless a price was set for it; a hosted model without a price has an unknown one. */
export function priceOf({ model }: Candidate, usage: Usage): number | undefined {
  if (model.pricing !== undefined) return costOf(usage, model.pricing);
  return model.isLocal ? 0 : undefined;
}
