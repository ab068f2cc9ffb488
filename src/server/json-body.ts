import { GatewayError } from '../core/errors.ts';
import { exceeded, type JsonLimits } from '../protocols/json-text.ts';
import type { JsonObject } from '../protocols/protocol.ts';

/** Throws `unsupported_media` for what does not call itself JSON; a type left out is taken for it. */
export function checkType(header: string | undefined): void {
  if (header === 'application/json') return;
  const type = header?.split(';')[0]?.trim().toLowerCase();
  if (type === undefined || type === '' || type === 'application/json' || type.endsWith('+json')) return;
  throw new GatewayError('unsupported_media', `The content type "${type.slice(0, 80)}" is not accepted here.`, {
    hint: 'send Content-Type: application/json',
  });
}

export function withoutByteOrderMark(body: Buffer): Buffer {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body;
}

/** What no request of an agent comes near, and what ten megabytes of can still be worked on without a stall. */
const limits: JsonLimits = { depth: 512, nodes: 200_000, items: 500_000, fields: 100_000 };

const excesses: Readonly<Record<keyof JsonLimits, string>> = {
  depth: `is nested more than ${limits.depth} levels deep`,
  nodes: `has more than ${limits.nodes} lists and objects`,
  items: `has more than ${limits.items} items in long lists`,
  fields: `has more than ${limits.fields} fields in wide objects`,
};

/** Throws `bad_request` for anything but an object, and for one that would hold everybody up. */
export function parseJson(body: Buffer): JsonObject {
  if (body.length === 0) throw new GatewayError('bad_request', 'The request body is empty; a JSON object is expected.');
  const excess = exceeded(body, limits);
  if (excess !== undefined) throw new GatewayError('bad_request', `The request body ${excesses[excess]}.`);
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message.split('\n')[0] : '';
    throw new GatewayError('bad_request', `The request body is not valid JSON: ${why}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new GatewayError('bad_request', 'The request body must be a JSON object.');
  }
  return value as JsonObject;
}
