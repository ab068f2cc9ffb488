import { isObject } from '../protocols/fields.ts';
import type { JsonObject } from '../protocols/protocol.ts';

/** What `demo:fail` does, as the caller asked in the field `demo` or in the words of the last message. */
export interface FaultScript {
  /** HTTP status of an error answer. */
  readonly status: number | undefined;
  /** Seconds of the error's Retry-After. */
  readonly retryAfter: number | undefined;
  /** Wait before the first token. Milliseconds. */
  readonly delayMs: number;
  /** Cut the connection after this many chunks of content. */
  readonly cutAfter: number | undefined;
  /** Accept the request and never say anything. */
  readonly silence: boolean;
}

const number = (value: unknown): number | undefined => {
  const parsed = typeof value === 'number' ? value : Number.parseFloat(String(value ?? ''));
  return Number.isFinite(parsed) && parsed >= 0 ? parsed : undefined;
};

function milliseconds(value: unknown): number {
  const amount = number(value) ?? 0;
  return typeof value === 'string' && /\ds\s*$/.test(value) && !/ms\s*$/.test(value) ? amount * 1_000 : amount;
}

/** `status=503 retry_after=2 delay=500ms cut=3 silence` in a message; the same names in `demo: {…}`. */
function wordsOf(text: string): JsonObject {
  const pairs = [
    ...text.matchAll(/\b(status|retry_after|delay|cut|silence)\b(?:\s*(?:[=:]\s*)?([\d.]+\s*(?:ms|s)?))?/g),
  ];
  return Object.fromEntries(pairs.map(([, name, value]) => [name, value ?? true]));
}

/** Without any instruction it answers 503: a name that says `fail` should. */
export function readScript(body: JsonObject, lastText: string): FaultScript {
  const wish = isObject(body.demo) ? body.demo : wordsOf(lastText);
  const status = number(wish.status);
  const script = {
    status,
    retryAfter: number(wish.retry_after),
    delayMs: milliseconds(wish.delay),
    cutAfter: number(wish.cut),
    silence: wish.silence === true,
  };
  const isEmpty = status === undefined && script.delayMs === 0 && script.cutAfter === undefined && !script.silence;
  return isEmpty ? { ...script, status: 503 } : script;
}
