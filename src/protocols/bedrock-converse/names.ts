import { createHash } from 'node:crypto';
import type { CanonicalRequest, Tool } from '../canonical.ts';

/** Longest name of a tool and longest id of a call. Characters. */
const maxLength = 64;

/**
 * A tool's name or a call's id in the wire's alphabet. The same text always gives the same name, so that a result finds
 * its call; what had to change carries a mark of what it was, so that two names never become one.
 */
export function wireName(name: string): string {
  const legal = name.replaceAll(/[^a-zA-Z0-9_-]/g, '_');
  if (legal === name && name.length > 0 && name.length <= maxLength) return name;
  const mark = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${legal.slice(0, maxLength - mark.length - 1)}_${mark}`;
}

/** Of one request's tools by the name on the wire; an answer with many calls asks for each. */
const originals = new WeakMap<readonly Tool[], ReadonlyMap<string, string>>();

/** The name of the client's tool that was sent under `name`. */
export function originalName(name: string, { tools }: CanonicalRequest): string {
  let byWireName = originals.get(tools);
  if (byWireName === undefined) {
    byWireName = new Map(tools.map((tool) => [wireName(tool.name), tool.name]));
    originals.set(tools, byWireName);
  }
  return byWireName.get(name) ?? name;
}
