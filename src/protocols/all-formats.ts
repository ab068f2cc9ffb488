import type { ProtocolName } from '../core/model.ts';
import { inbound as messagesInbound } from './anthropic-messages/inbound.ts';
import { inspector as messagesInspector } from './anthropic-messages/inspector.ts';
import { outbound as messagesOutbound } from './anthropic-messages/outbound.ts';
import { outbound as bedrockOutbound } from './bedrock-converse/outbound.ts';
import { cohereEmbedOutbound } from './cohere/embeddings.ts';
import { outbound as cohereOutbound } from './cohere/outbound.ts';
import { cohereRerankOutbound } from './cohere/rerank.ts';
import type { EmbeddingInbound, EmbeddingOutbound } from './embedding.ts';
import { type Formats, formatKey } from './formats.ts';
import { geminiEmbeddingInbound } from './gemini/client/embeddings.ts';
import { inbound as geminiInbound } from './gemini/inbound.ts';
import { inspector as geminiInspector } from './gemini/inspector.ts';
import { outbound as geminiOutbound } from './gemini/outbound.ts';
import { geminiEmbeddingOutbound } from './gemini/upstream/embeddings.ts';
import { mediaInbounds, mediaInspectors } from './media/operation.ts';
import { ollamaEmbedInbound } from './ollama/embeddings.ts';
import { inbound as ollamaChatInbound, generateInbound as ollamaGenerateInbound } from './ollama/inbound.ts';
import { askForWarmUp } from './ollama/warm-up.ts';
import { inbound as chatInbound } from './openai-chat/inbound.ts';
import { inspector as chatInspector } from './openai-chat/inspector.ts';
import { outbound as chatOutbound } from './openai-chat/outbound.ts';
import { inbound as completionsInbound } from './openai-completions/inbound.ts';
import { inspector as completionsInspector } from './openai-completions/inspector.ts';
import { embeddingsInbound, embeddingsInspector, embeddingsOutbound } from './openai-embeddings/operation.ts';
import { inbound as responsesInbound } from './openai-responses/inbound.ts';
import { inspector as responsesInspector } from './openai-responses/inspector.ts';
import { outbound as responsesOutbound } from './openai-responses/outbound.ts';
import type { Inbound, Inspector, Outbound } from './protocol.ts';
import type { RerankOutbound } from './rerank/canonical.ts';
import { rerankInbound, rerankInspector, rerankOutbound } from './rerank/operation.ts';

const inbounds: readonly Inbound[] = [
  chatInbound,
  completionsInbound,
  responsesInbound,
  messagesInbound,
  geminiInbound,
  ollamaChatInbound,
  ollamaGenerateInbound,
];
const outbounds: readonly Outbound[] = [
  chatOutbound,
  responsesOutbound,
  messagesOutbound,
  geminiOutbound,
  cohereOutbound,
  bedrockOutbound,
];
const inspectors: readonly Inspector[] = [
  chatInspector,
  completionsInspector,
  embeddingsInspector,
  responsesInspector,
  messagesInspector,
  geminiInspector,
  rerankInspector,
  ...mediaInspectors,
];
const embeddingInbounds: readonly EmbeddingInbound[] = [embeddingsInbound, geminiEmbeddingInbound, ollamaEmbedInbound];
const embeddingOutbounds: readonly EmbeddingOutbound[] = [
  embeddingsOutbound,
  geminiEmbeddingOutbound,
  cohereEmbedOutbound,
];

/** Every format there is. The only place that lists them. */
export const allFormats: Formats = {
  inbounds: new Map(inbounds.map((one) => [formatKey(one.id), one])),
  outbounds: byProtocol(outbounds),
  inspectors: new Map(inspectors.map((one) => [formatKey(one.id), one])),
  media: new Map(mediaInbounds.map((one) => [formatKey(one.id), one])),
  embeddings: {
    inbounds: new Map(embeddingInbounds.map((one) => [formatKey(one.id), one])),
    outbounds: byProtocol(embeddingOutbounds),
  },
  reranks: {
    inbounds: new Map([[formatKey(rerankInbound.id), rerankInbound]]),
    outbounds: byProtocol<RerankOutbound>([rerankOutbound, cohereRerankOutbound]),
  },
  askForWarmUp,
};

function byProtocol<T extends { readonly id: { readonly protocol: ProtocolName } }>(
  list: readonly T[],
): ReadonlyMap<ProtocolName, T> {
  return new Map(list.map((one) => [one.id.protocol, one]));
}
