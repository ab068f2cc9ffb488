import { providerTypeOfHost } from '../catalogue/catalogue.ts';
import { GatewayError } from '../core/errors.ts';
import { type LoopMark, passedHeader } from '../core/loop-mark.ts';
import type { Candidate, Endpoint, ProtocolName, Usage } from '../core/model.ts';
import { nextTurnIfLong } from '../core/next-turn.ts';
import type { CanonicalRequest } from '../protocols/canonical.ts';
import { type EncodedForm, encodeForm } from '../protocols/form.ts';
import { type Formats, formatKey } from '../protocols/formats.ts';
import type { AnswerContext, Outbound } from '../protocols/protocol.ts';
import { credentialHeaders } from '../transport/auth/credential.ts';
import { forwardedRequestHeaders } from '../transport/headers.ts';
import type { Channel } from './channel.ts';
import type { Exchange } from './exchange.ts';
import { fill } from './fill.ts';
import type { MediaFetcher } from './media.ts';
import { PassthroughChannel } from './passthrough-channel.ts';
import { Prepared } from './prepared.ts';
import { QueryChannel, type QueryInbound, type QueryOutbound } from './query-channel.ts';
import type { RequestForm } from './request-form.ts';
import { streamTypes } from './stream-types.ts';
import { TranslatedChannel } from './translated-channel.ts';

export interface PrepareDeps {
  readonly formats: Formats;
  readonly media: MediaFetcher;
  readonly mark: LoopMark;
}

/**
 * Throws or rejects with `upstream_incapable` when the candidate speaks nothing that this request can be put into. A
 * promise only where something has to be fetched or decoded: passthrough is ready at once.
 */
export function prepare(form: RequestForm, target: Candidate, deps: PrepareDeps): Prepared | Promise<Prepared> {
  if (isPassthrough(form, target, deps.formats)) {
    const destination = { form, target, deps };
    const { form: fields } = form.exchange;
    if (fields === undefined) return preparedFor(passthroughChannel(destination), destination);
    return encodeForm(fields, target.model.upstreamId).then((encoded) =>
      preparedFor(passthroughChannel(destination, encoded), destination),
    );
  }
  return translatingChannel(form, target, deps).then((channel) => preparedFor(channel, { form, target, deps }));
}

interface Destination {
  readonly form: RequestForm;
  readonly target: Candidate;
  readonly deps: PrepareDeps;
}

function preparedFor(channel: Channel, { form, target, deps }: Destination): Prepared {
  const protocol = channel.isPassthrough ? form.exchange.inbound.id.protocol : (target.model.protocols[0] as string);
  const headers = forwardedRequestHeaders(form.exchange.rawHeaders, protocol, ownHeaders(channel, target.endpoint));
  if (mayBeRouter(target.endpoint)) headers.push(passedHeader, deps.mark.after(form.exchange.headers[passedHeader]));
  return new Prepared({ channel, target, headers, streamType: streamTypes[form.framing] });
}

/** What an endpoint gets on every request; made once an endpoint, since a reload makes new ones. */
const endpointHeaders = new WeakMap<Endpoint, Readonly<Record<string, string>>>();

function ownHeaders(channel: Channel, endpoint: Endpoint): Readonly<Record<string, string>> {
  let own = endpointHeaders.get(endpoint);
  if (own === undefined) {
    own = { 'content-type': 'application/json', ...endpoint.headers, ...credentialHeaders(endpoint) };
    endpointHeaders.set(endpoint, own);
  }
  const { contentType } = channel;
  if (contentType !== undefined) return { ...channel.headers, ...own, 'content-type': contentType };
  for (const _ in channel.headers) return { 'content-type': 'application/json', ...channel.headers, ...own };
  return own;
}

/** Whether an endpoint is a vendor's own, which leads nowhere else; made once an endpoint. */
const vendors = new WeakMap<Endpoint, boolean>();

function mayBeRouter(endpoint: Endpoint): boolean {
  let isVendors = vendors.get(endpoint);
  if (isVendors === undefined) {
    isVendors = providerTypeOfHost(URL.parse(endpoint.baseUrl)?.hostname ?? '') !== undefined;
    vendors.set(endpoint, isVendors);
  }
  return !isVendors;
}

/** Same protocol on both sides, and nothing in the body that this upstream would refuse as it is. */
function isPassthrough(
  { exchange, facts, framing, systemPrompt }: RequestForm,
  target: Candidate,
  formats: Formats,
): boolean {
  const { id } = exchange.inbound;
  const inspector = formats.inspectors.get(formatKey(id));
  if (inspector === undefined || !target.model.protocols.includes(id.protocol)) return false;
  // Upstreams stream server-sent events; what the client wants framed otherwise has to be encoded anew.
  if (facts.stream && framing !== 'sse') return false;
  if (target.endpoint.quirks.imageBytesOnly === true && facts.needs.has('vision')) return false;
  const hasAdditions = target.params !== undefined || systemPrompt !== undefined;
  if (inspector.takesAdditions === false && hasAdditions) return false;
  return inspector.mustTranslate?.(exchange.json, target) !== true;
}

async function translatingChannel(form: RequestForm, target: Candidate, deps: PrepareDeps): Promise<Channel> {
  const { operation } = form.exchange.inbound.id;
  if (operation === 'embeddings') return queryChannel(form, target, deps.formats.embeddings);
  if (operation === 'rerank') return queryChannel(form, target, deps.formats.reranks);
  return translatedChannel(form, target, deps);
}

function passthroughChannel({ form, target, deps }: Destination, encoded?: EncodedForm): Channel {
  const { exchange, facts } = form;
  const { formats } = deps;
  const key = formatKey(exchange.inbound.id);
  const inspector = formats.inspectors.get(key);
  if (inspector === undefined) throw cannotCarry(form, target);
  const inbound = formats.inbounds.get(key);
  const outbound =
    exchange.inbound.id.operation === 'chat' ? formats.outbounds.get(exchange.inbound.id.protocol) : undefined;
  // Only a chat has a place for one; an embedding of a virtual model is none the worse without.
  const systemPrompt = exchange.inbound.id.operation === 'chat' ? form.systemPrompt : undefined;
  return new PassthroughChannel({
    inspector,
    body: exchange.body,
    encoded,
    edits: {
      target,
      stream: facts.stream,
      systemPrompt,
      hasSystemPrompt: systemPrompt !== undefined && form.hasSystemPrompt(),
    },
    includeUsage: facts.includeUsage,
    choices: facts.choices ?? 1,
    codec: inbound === undefined || outbound === undefined ? undefined : { inbound, outbound },
    context: () => answerContext(form, form.decoded().request),
    request: () => exchange.json,
    headers: inspector.headers === undefined ? noHeaders : missingOf(inspector.headers, exchange.headers),
  });
}

const noHeaders: Readonly<Record<string, string>> = {};

interface QueryFormats<Request, Response> {
  readonly inbounds: ReadonlyMap<string, QueryInbound<Request, Response>>;
  readonly outbounds: ReadonlyMap<ProtocolName, QueryOutbound<Request, Response>>;
}

function queryChannel<Request, Response extends { readonly usage?: Usage | undefined }>(
  form: RequestForm,
  target: Candidate,
  formats: QueryFormats<Request, Response>,
): Channel {
  const { exchange, facts } = form;
  const inbound = formats.inbounds.get(formatKey(exchange.inbound.id));
  const outbound = target.model.protocols.map((name) => formats.outbounds.get(name)).find((one) => one !== undefined);
  if (inbound === undefined || outbound === undefined) throw cannotCarry(form, target);
  const { request, drops } = inbound.decode(exchange.json, exchange.route);
  const context = {
    requestedModel: facts.model ?? '',
    includeUsage: true,
    requestId: exchange.id,
    nowMs: form.nowMs,
    elapsedMs: () => form.elapsedMs(),
    request,
  };
  return new QueryChannel({ inbound, outbound, target, context, drops });
}

async function translatedChannel(form: RequestForm, target: Candidate, deps: PrepareDeps): Promise<Channel> {
  const { formats } = deps;
  const { id } = form.exchange.inbound;
  const inbound = formats.inbounds.get(formatKey(id));
  const outbound = outboundFor(target, id.protocol, formats);
  if (inbound === undefined || outbound === undefined) throw cannotCarry(form, target);
  const { body } = form.exchange;
  await nextTurnIfLong(body);
  const { request, drops } = form.decoded();
  await nextTurnIfLong(body);
  const filled = fill(request, { params: target.params, systemPrompt: form.systemPrompt, target });
  const bytesOnly = target.endpoint.quirks.imageBytesOnly === true;
  const ready = bytesOnly
    ? await deps.media.withBytes(filled, {
        isLocalOnly: form.localOnly !== false,
        signal: form.exchange.departure.signal,
        memory: form.exchange.memory,
        images: form.images,
      })
    : filled;
  const encoded = outbound.encode(ready, target);
  await nextTurnIfLong(body);
  return new TranslatedChannel({
    inbound,
    outbound,
    target,
    context: answerContext(form, ready),
    encoded,
    framing: form.framing,
    drops,
  });
}

/** The client's own protocol where the upstream has it: nothing is lost in it. */
function outboundFor(target: Candidate, own: ProtocolName, formats: Formats): Outbound | undefined {
  const { protocols } = target.model;
  if (protocols.includes(own) && formats.outbounds.has(own)) return formats.outbounds.get(own);
  return protocols.map((name) => formats.outbounds.get(name)).find((one) => one !== undefined);
}

function missingOf(
  wanted: Readonly<Record<string, string>>,
  given: Exchange['headers'],
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => given[name] === undefined));
}

function answerContext(form: RequestForm, request: CanonicalRequest): AnswerContext {
  return {
    requestedModel: form.facts.model ?? request.model,
    includeUsage: form.facts.includeUsage,
    requestId: form.exchange.id,
    nowMs: form.nowMs,
    elapsedMs: () => form.elapsedMs(),
    request,
  };
}

function cannotCarry(form: RequestForm, target: Candidate): GatewayError {
  const { operation } = form.exchange.inbound.id;
  return new GatewayError(
    'upstream_incapable',
    `${target.endpoint.providerId} speaks ${target.model.protocols.join(', ')}, which has no ${operation}.`,
  );
}
