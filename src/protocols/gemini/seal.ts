import type { Seal } from '../canonical.ts';
import { isObject } from '../fields.ts';

/** What `Seal.protocol` says for thought signatures. */
export const sealProtocol = 'generate_content';

/**
 * Gemini 3 refuses a function call in the history without a signature. This value, documented by Google, stands in for
 * calls that another model made.
 */
export const foreignCallSignature = 'skip_thought_signature_validator';

const wrapPrefix = 'routerseal:';

/** A signature of Gemini's own, or undefined: another protocol's seal means nothing to it. */
export function ownSignature(seal: Seal | undefined): string | undefined {
  return seal?.protocol === sealProtocol ? seal.value : undefined;
}

export function sealFromOwnSignature(signature: unknown): Seal | undefined {
  return typeof signature === 'string' && signature !== '' ? { protocol: sealProtocol, value: signature } : undefined;
}

/**
 * The signature a client is given. Clients return signatures unread, so another protocol's seal travels inside one:
 * Anthropic refuses a tool loop whose thinking comes back unsigned. Base64, because the field is of type bytes.
 */
export function signatureForClient(seal: Seal | undefined): string | undefined {
  if (seal === undefined) return undefined;
  if (seal.protocol === sealProtocol) return seal.value;
  return Buffer.from(wrapPrefix + JSON.stringify(seal)).toString('base64');
}

/** The inverse of `signatureForClient`. */
export function sealFromClient(signature: string | undefined): Seal | undefined {
  if (signature === undefined || signature === '' || signature === foreignCallSignature) return undefined;
  return unwrapped(signature) ?? { protocol: sealProtocol, value: signature };
}

const wrapPrefixBase64 = Buffer.from(wrapPrefix.slice(0, 9)).toString('base64');

function unwrapped(signature: string): Seal | undefined {
  if (!signature.startsWith(wrapPrefixBase64)) return undefined;
  const text = Buffer.from(signature, 'base64').toString('utf8');
  if (!text.startsWith(wrapPrefix)) return undefined;
  try {
    const seal: unknown = JSON.parse(text.slice(wrapPrefix.length));
    if (!isObject(seal) || typeof seal.protocol !== 'string' || typeof seal.value !== 'string') return undefined;
    const redacted = seal.isRedacted === true ? { isRedacted: true } : {};
    return { protocol: seal.protocol, value: seal.value, ...redacted };
  } catch {
    // Not ours after all: it is passed on as Gemini's.
    return undefined;
  }
}
