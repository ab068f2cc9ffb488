import type { LocalOnly } from '../config/schema.ts';
import type { Candidate } from '../core/model.ts';
import { isWithin, type Reach } from '../transport/address.ts';

/** How far the connections of a request may go. `local: true` is the user's word, but not that it is this machine. */
export function limitFor(localOnly: LocalOnly, { model }: Candidate): Reach {
  if (localOnly === 'machine') return 'machine';
  return localOnly && model.isLocalByWord !== true ? 'network' : 'internet';
}

/** Whether a prompt that was sent over a connection stayed in the user's network. */
export function staysLocal({ model }: Candidate, reach: Reach): boolean {
  return model.isLocalByWord ?? isWithin(reach, 'network');
}
