import type { ProtocolName } from '../core/model.ts';
import type { EmbeddingInbound, EmbeddingOutbound } from './embedding.ts';
import type { FormatId, Inbound, Inspector, Outbound } from './protocol.ts';

/** Every wire format of the router, found by what it is. Filled once, in `all-formats`. */
export interface Formats {
  /** Generating formats that clients speak, by `formatKey`. */
  readonly inbounds: ReadonlyMap<string, Inbound>;
  /** Generating formats that upstreams speak. */
  readonly outbounds: ReadonlyMap<ProtocolName, Outbound>;
  /** Formats whose bytes can be handed through, by `formatKey`. */
  readonly inspectors: ReadonlyMap<string, Inspector>;
  readonly embeddingInbounds: ReadonlyMap<string, EmbeddingInbound>;
  readonly embeddingOutbounds: ReadonlyMap<ProtocolName, EmbeddingOutbound>;
}

export function formatKey(id: FormatId): string {
  return `${id.protocol} ${id.operation}`;
}
