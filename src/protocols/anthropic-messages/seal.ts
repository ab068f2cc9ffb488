import type { CanonicalRequest, Seal } from '../canonical.ts';
import { isObject } from '../fields.ts';
import type { JsonObject } from '../protocol.ts';
import { protocol } from './wire.ts';

/**
 * Another protocol's seal travels through a Messages client inside the signature, which clients must treat as opaque,
 * and finds its way home in the next turn. Real signatures are base64 and hold no colon.
 */
const foreignPrefix = 'router:';

export function signatureOf(seal: Seal | undefined): string {
  if (seal === undefined) return '';
  return seal.protocol === protocol ? seal.value : `${foreignPrefix}${seal.protocol}:${seal.value}`;
}

/** Undefined for the empty signature of reasoning that was not sealed. */
export function sealOf(signature: string): Seal | undefined {
  if (signature === '') return undefined;
  if (!signature.startsWith(foreignPrefix)) return { protocol, value: signature };
  const end = signature.indexOf(':', foreignPrefix.length);
  if (end === -1) return { protocol, value: signature };
  return { protocol: signature.slice(foreignPrefix.length, end), value: signature.slice(end + 1) };
}

const callPrefix = `${foreignPrefix}call:`;

/**
 * Signature of the empty thinking block that stands before a call and carries the call's own seal (Gemini signs calls,
 * and wants them back signed): blocks of type tool_use have no place for one.
 */
export function callSignatureOf(seal: Seal): string {
  return `${callPrefix}${seal.protocol}:${seal.value}`;
}

/** Undefined for a signature that belongs to the thinking it stands on. */
export function callSealOf(signature: string): Seal | undefined {
  if (!signature.startsWith(callPrefix)) return undefined;
  return sealOf(foreignPrefix + signature.slice(callPrefix.length));
}

/** Clients that asked for no thinking must not meet blocks of it because of a seal. */
export function carriesCallSeals({ reasoning }: Pick<CanonicalRequest, 'reasoning'>): boolean {
  return reasoning !== undefined && reasoning.effort !== 'none' && reasoning.budgetTokens !== 0;
}

function isForeignThinking(block: unknown): boolean {
  if (!isObject(block) || block.type !== 'thinking') return false;
  const signature = block.signature;
  return typeof signature !== 'string' || signature === '' || signature.startsWith(foreignPrefix);
}

/**
 * Whether a client's body carries reasoning that another protocol's model gave earlier in the conversation. A real
 * Messages upstream refuses such blocks, so the body must be translated rather than passed through.
 */
export function hasForeignReasoning(body: JsonObject): boolean {
  if (!Array.isArray(body.messages)) return false;
  return body.messages.some(
    (message: unknown) =>
      isObject(message) && Array.isArray(message.content) && message.content.some(isForeignThinking),
  );
}
