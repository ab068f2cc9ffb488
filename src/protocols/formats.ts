import type { Candidate, ProtocolName } from '../core/model.ts';
import type { EmbeddingInbound, EmbeddingOutbound } from './embedding.ts';
import type { FormatId, Inbound, InboundFormat, Inspector, Outbound, UpstreamQuestion } from './protocol.ts';
import type { RerankInbound, RerankOutbound } from './rerank/canonical.ts';

/** Every wire format of the router, found by what it is. Filled once, in `all-formats`. */
export interface Formats {
  /** Generating formats that clients speak, by `formatKey`. */
  readonly inbounds: ReadonlyMap<string, Inbound>;
  /** Generating formats that upstreams speak. */
  readonly outbounds: ReadonlyMap<ProtocolName, Outbound>;
  /** Formats whose bytes can be handed through, by `formatKey`. */
  readonly inspectors: ReadonlyMap<string, Inspector>;
  /** What clients ask that is only ever handed through: audio, pictures, moderation. By `formatKey`. */
  readonly media: ReadonlyMap<string, InboundFormat>;
  readonly embeddings: {
    readonly inbounds: ReadonlyMap<string, EmbeddingInbound>;
    readonly outbounds: ReadonlyMap<ProtocolName, EmbeddingOutbound>;
  };
  readonly reranks: {
    readonly inbounds: ReadonlyMap<string, RerankInbound>;
    readonly outbounds: ReadonlyMap<ProtocolName, RerankOutbound>;
  };
  /**
   * How the target is told to load its model for as long as `keepAlive` says, as its client wrote it. Undefined for a
   * server that cannot be told: it has its model loaded, or loads it with the first request.
   */
  readonly askForWarmUp: (target: Candidate, keepAlive: unknown) => UpstreamQuestion | undefined;
}

/** Made once a format: a new text would have to be hashed at every look into a map. */
const keys = new WeakMap<FormatId, string>();

export function formatKey(id: FormatId): string {
  let key = keys.get(id);
  if (key === undefined) {
    key = `${id.protocol} ${id.operation}`;
    keys.set(id, key);
  }
  return key;
}
