import type {
  Message,
  MessageCreateParamsBase,
  MessageDeltaUsage,
  StopReason,
  Usage,
} from '@anthropic-ai/sdk/resources/messages/messages';

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

/** The SDK no longer lists the sampling parameters, since new models refuse them; older ones still take them. */
export interface RequestBody extends MessageCreateParamsBase {
  temperature?: number;
  top_p?: number;
  top_k?: number;
}

/** The only version of the API there is; every request must name it. */
export const apiVersion = '2023-06-01';

export const betaHeader = 'anthropic-beta';

/** Name of this protocol in seals and format ids. */
export const protocol = 'messages';

/** Every request of ours and every answer of a server that follows the API frames its events like this. */
export function frame(type: string, json: string): string {
  return `event: ${type}\ndata: ${json}\n\n`;
}
