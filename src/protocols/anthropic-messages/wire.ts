import type {
  Message,
  MessageCreateParamsBase,
  MessageDeltaUsage,
  StopReason,
  Usage,
} from '@anthropic-ai/sdk/resources/messages/messages';
import type { FormatId } from '../protocol.ts';

export type {
  ContentBlock,
  ContentBlockParam,
  DocumentBlockParam,
  ImageBlockParam,
  MessageParam,
  RawContentBlockDeltaEvent,
  RawContentBlockStartEvent,
  RawMessageDeltaEvent,
  RawMessageStartEvent,
  TextBlockParam,
  ThinkingConfigParam,
  Tool,
  ToolChoice,
  ToolResultBlockParam,
} from '@anthropic-ai/sdk/resources/messages/messages';
export type { Message, MessageDeltaUsage, StopReason, Usage };

/** The SDK lists the newest version of the API, which has no sampling parameters; older models still take them. */
export interface RequestBody extends MessageCreateParamsBase {
  temperature?: number;
  top_p?: number;
  top_k?: number;
}

/**
 * Every request must name a version. 2026-10-21 differs in what it refuses (sampling parameters among it), not in what
 * it answers, and compatible servers know the older one.
 */
export const apiVersion = '2023-06-01';

export const betaHeader = 'anthropic-beta';

/** Name of this protocol in seals and format ids. */
export const protocol = 'messages';

export const formatId: FormatId = { protocol, operation: 'chat' };

/** Every request of ours and every answer of a server that follows the API frames its events like this. */
export function frame(type: string, json: string): string {
  return `event: ${type}\ndata: ${json}\n\n`;
}
