import type { CanonicalRequest, Extensions } from '../../canonical.ts';
import { Drops } from '../../drops.ts';
import { unknownFields } from '../../extensions.ts';
import type { DecodedRequest, InboundRoute, JsonObject } from '../../protocol.ts';
import { badField, count, Fields, flag, list, number, text, textOrList } from '../fields.ts';
import { refuseKeptState } from '../kept-state.ts';
import { betaHeader, protocol } from '../wire.ts';
import { type Conversation, decodeMessages, decodeSystem } from './decode-messages.ts';
import { decodeOutput, decodeReasoning } from './decode-reasoning.ts';
import { decodeParallel, decodeToolChoice, decodeTools } from './decode-tools.ts';

const carriedFields: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'system',
  'max_tokens',
  'metadata',
  'output_config',
  'output_format',
  'service_tier',
  'stop_sequences',
  'stream',
  'temperature',
  'thinking',
  'tool_choice',
  'tools',
  'top_k',
  'top_p',
]);

function decodeStop(body: Fields): readonly string[] | undefined {
  const stop = body.optional('stop_sequences', list);
  return stop?.map((word, index) => {
    if (typeof word === 'string') return word;
    throw badField(`stop_sequences.${index}`, 'Input should be a string');
  });
}

/** The canonical words are OpenAI's, the only other protocol that has tiers. */
function decodeServiceTier(body: Fields): string | undefined {
  const tier = body.optional('service_tier', text);
  return tier === 'standard_only' ? 'default' : tier;
}

type ToolPart = Pick<CanonicalRequest, 'tools' | 'toolChoice' | 'parallelToolCalls'>;

function decodeToolPart(body: Fields, conversation: Conversation): ToolPart {
  const { drops } = conversation;
  const tools = decodeTools(body.optional('tools', list) ?? [], conversation);
  const choice = body.inner('tool_choice');
  if (choice === undefined) return { tools };
  return {
    tools,
    toolChoice: decodeToolChoice(choice, tools, drops),
    parallelToolCalls: decodeParallel(choice),
  };
}

/** Fields of betas make sense only together with the header that switches the beta on. */
function decodeExtensions(body: JsonObject, route: InboundRoute): Extensions | undefined {
  const extensions = unknownFields(body, carriedFields, protocol);
  const beta = route.headers[betaHeader];
  if (extensions === undefined || beta === undefined) return extensions;
  return { [protocol]: { ...extensions[protocol], [betaHeader]: String(beta) } };
}

function decodeBody(body: Fields, drops: Drops): Omit<CanonicalRequest, 'maxTokens'> {
  refuseKeptState(body.value);
  const conversation: Conversation = {
    drops,
    toolNames: new Map(),
    shownTools: new Set(),
    addedTools: [],
    removedTools: new Set(),
  };
  return {
    model: body.required('model', text),
    messages: [
      ...decodeSystem(body.optional('system', textOrList) ?? [], conversation),
      ...decodeMessages(body.required('messages', list), conversation),
    ],
    ...decodeToolPart(body, conversation),
    output: decodeOutput(body, drops),
    temperature: body.optional('temperature', number),
    topP: body.optional('top_p', number),
    topK: body.optional('top_k', count),
    stop: decodeStop(body),
    reasoning: decodeReasoning(body, drops),
    user: body.inner('metadata')?.optional('user_id', text),
    serviceTier: decodeServiceTier(body),
    stream: body.optional('stream', flag) ?? false,
    includeUsage: true,
  };
}

/** A request to `/v1/messages`. As at Anthropic, `max_tokens` is required. */
export function decodeRequest(body: JsonObject, route: InboundRoute): DecodedRequest {
  const drops = new Drops();
  const fields = Fields.of(body, '');
  const maxTokens = fields.required('max_tokens', count);
  const extensions = decodeExtensions(body, route);
  return { request: { ...decodeBody(fields, drops), maxTokens, extensions }, drops: drops.names };
}

/** A request to `/v1/messages/count_tokens`: the same without a token limit. */
export function decodeCountRequest(body: JsonObject, route: InboundRoute): DecodedRequest {
  const drops = new Drops();
  const extensions = decodeExtensions(body, route);
  return { request: { ...decodeBody(Fields.of(body, ''), drops), extensions }, drops: drops.names };
}
