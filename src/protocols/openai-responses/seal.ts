import type { Seal } from '../canonical.ts';
import { protocol } from './wire.ts';

/**
 * Clients of this protocol return `encrypted_content` unread, so seals of other protocols travel in it, marked:
 * without that, a model behind another protocol loses its reasoning between the turns of a tool loop. OpenAI's own
 * values are base64 and never hold the mark's colon.
 */
const mark = 'router:';

/** What a foreign seal is bound to: the reasoning it stands on, or the tool call that follows. */
export type SealUse = 'reasoning' | 'redacted' | 'call';

export interface OpenedSeal {
  readonly seal: Seal;
  readonly use: SealUse;
}

export function sealText(seal: Seal, use: 'reasoning' | 'call'): string {
  if (seal.protocol === protocol && use === 'reasoning') return seal.value;
  return `${mark}${seal.isRedacted === true ? 'redacted' : use}:${seal.protocol}:${seal.value}`;
}

export function openSeal(text: string): OpenedSeal {
  const plain: OpenedSeal = { seal: { protocol, value: text }, use: 'reasoning' };
  if (!text.startsWith(mark)) return plain;
  const [use, origin, ...value] = text.slice(mark.length).split(':');
  if (origin === undefined || (use !== 'reasoning' && use !== 'redacted' && use !== 'call')) return plain;
  const seal = { protocol: origin, value: value.join(':') };
  return { seal: use === 'redacted' ? { ...seal, isRedacted: true } : seal, use };
}
