import type { Config } from '../config/schema.ts';
import type { Capability } from '../core/model.ts';
import type { RequestFacts } from '../protocols/canonical.ts';
import { asObject } from '../protocols/fields.ts';
import { holds, type ReadField } from '../routing/conditions.ts';
import { type Exchange, type RoutingHeaders, routingHeader } from './exchange.ts';

export type ConditionalRoute = Config['routing']['conditional_routes'][number];

/** The first route, by priority and then as written, whose condition a request fulfils. */
export function routeOf(routes: readonly ConditionalRoute[], read: ReadField): ConditionalRoute | undefined {
  return byPriority(routes).find(({ condition }) => holds(condition, read));
}

/** Sorted once a configuration. */
const sorted = new WeakMap<readonly ConditionalRoute[], readonly ConditionalRoute[]>();

function byPriority(routes: readonly ConditionalRoute[]): readonly ConditionalRoute[] {
  let list = sorted.get(routes);
  if (list === undefined) {
    list = routes.toSorted((one, other) => one.priority - other.priority);
    sorted.set(routes, list);
  }
  return list;
}

const needs: Readonly<Record<string, Capability>> = {
  tools: 'tools',
  images: 'vision',
  audio: 'audio',
  documents: 'documents',
};

/** What conditions can look at in a request; undefined for what it does not say. */
export function fieldsOf(exchange: Exchange, facts: RequestFacts, headers: RoutingHeaders): ReadField {
  return (field) => fieldOf(field, exchange, { facts, headers });
}

interface About {
  readonly facts: RequestFacts;
  readonly headers: RoutingHeaders;
}

function fieldOf(field: string, exchange: Exchange, { facts, headers }: About): unknown {
  const need = needs[field];
  if (need !== undefined) return facts.needs.has(need);
  switch (field) {
    case 'model':
      return facts.model;
    case 'operation':
      return exchange.inbound.id.operation;
    case 'protocol':
      return exchange.inbound.id.protocol;
    case 'stream':
      return facts.stream;
    case 'provider':
      return headers.lock;
    case 'user':
      return exchange.json.user ?? metadataOf(exchange).user_id;
    case 'session_id':
      return sessionOf(exchange);
    case 'request_id':
      return routingHeader(exchange.headers, 'request-id') ?? exchange.id;
    case 'key':
      return exchange.key?.name;
    case 'owner':
      return exchange.key?.owner;
    case 'tokens':
      return facts.promptTokens;
    case 'max_tokens':
      return facts.maxTokens;
    case 'bytes':
      return exchange.body.length;
    default:
      return namedField(field, exchange);
  }
}

function namedField(field: string, exchange: Exchange): unknown {
  const dot = field.indexOf('.');
  const name = field.slice(dot + 1);
  if (field.startsWith('headers.')) return exchange.headers[name.toLowerCase()];
  const metadata = metadataOf(exchange);
  return Object.hasOwn(metadata, name) ? metadata[name] : undefined;
}

/** The client's name for what belongs together: a header, or `metadata.session_id` of the body. */
export function sessionOf(exchange: Exchange): string | undefined {
  const named = routingHeader(exchange.headers, 'session-id') ?? metadataOf(exchange).session_id;
  return typeof named === 'string' && named !== '' ? named : undefined;
}

/** Of the body, and over it what a header holds as a JSON object. */
function metadataOf({ json, headers }: Exchange): Readonly<Record<string, unknown>> {
  const written = routingHeader(headers, 'metadata');
  const own = asObject(json.metadata) ?? {};
  if (written === undefined) return own;
  try {
    return { ...own, ...asObject(JSON.parse(written)) };
  } catch {
    // What is not JSON is no metadata; the request itself is none the worse for it.
    return own;
  }
}
