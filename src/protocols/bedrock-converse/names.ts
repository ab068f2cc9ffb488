import { createHash } from 'node:crypto';
import type { CanonicalRequest } from '../canonical.ts';

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

/** The name of the client's tool that was sent under `name`. */
export function originalName(name: string, request: CanonicalRequest): string {
  return request.tools.find((tool) => wireName(tool.name) === name)?.name ?? name;
}
