import type {
  Response,
  ResponseFunctionToolCall,
  ResponseOutputItem,
  ResponseOutputRefusal,
  ResponseOutputText,
  ResponseReasoningItem,
  ResponseStreamEvent,
} from 'openai/resources/responses/responses';
import type { FormatId } from '../protocol.ts';

export type {
  ResponseFunctionToolCall as WireFunctionCall,
  ResponseOutputItem as WireOutputItem,
  ResponseOutputMessage as WireMessage,
  ResponseOutputRefusal as WireRefusal,
  ResponseOutputText as WireText,
  ResponseReasoningItem as WireReasoning,
  ResponseUsage as WireUsage,
} from 'openai/resources/responses/responses';

/** Items have a state of their own; `incomplete` is an item cut by a limit. */
export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

/** The type of the official client lacks `status`, which the wire has. */
export interface WireCustomCall {
  readonly type: 'custom_tool_call';
  readonly id: string;
  readonly call_id: string;
  readonly name: string;
  readonly namespace?: string;
  readonly input: string;
  readonly status: ItemStatus;
}

/** A search for tools that the client runs itself. */
export interface WireSearchCall {
  readonly type: 'tool_search_call';
  readonly id: string;
  readonly call_id: string;
  readonly execution: 'client';
  readonly arguments: unknown;
  readonly status: ItemStatus;
}

/** What an answer is made of. */
export type WireItem = ResponseOutputItem | WireCustomCall | WireSearchCall;

/**
 * The Response object as it stands on the wire: `output_text` is made by clients. What repeats the request is as the
 * client wrote it, hence unknown here.
 */
export interface WireResponse
  extends Omit<
    Response,
    | 'output_text'
    | 'access_programs'
    | 'output'
    | 'usage'
    | 'tools'
    | 'tool_choice'
    | 'instructions'
    | 'text'
    | 'reasoning'
    | 'metadata'
    | 'service_tier'
    | 'error'
  > {
  output: readonly WireItem[];
  usage: Response['usage'] | null;
  tools: unknown;
  tool_choice: unknown;
  instructions: unknown;
  text: unknown;
  reasoning: unknown;
  metadata: unknown;
  service_tier: unknown;
  store: boolean;
  error: { readonly code: string; readonly message: string } | null;
}

/** Parts of a user's message and of a tool's output. `detail` and `format` are wider than the client's types. */
export type WireInputPart =
  | { readonly type: 'input_text'; readonly text: string }
  | {
      readonly type: 'input_image';
      readonly detail: string;
      readonly image_url?: string;
      readonly file_id?: string;
    }
  | {
      readonly type: 'input_file';
      readonly filename?: string;
      readonly file_data?: string;
      readonly file_url?: string;
      readonly file_id?: string;
    }
  | { readonly type: 'input_audio'; readonly input_audio: { readonly data: string; readonly format: string } };

/** A model's earlier message needs neither id nor status when it is sent back. */
export interface WireInputMessage {
  readonly type: 'message';
  readonly role: 'user' | 'assistant' | 'system' | 'developer';
  readonly content: (WireInputPart | ResponseOutputText | ResponseOutputRefusal)[];
}

export type WireInputItem =
  | WireInputMessage
  | ResponseFunctionToolCall
  | {
      readonly type: 'function_call_output';
      readonly call_id: string;
      readonly output: string | readonly WireInputPart[];
    }
  | (Omit<ResponseReasoningItem, 'id'> & { readonly id?: string });

/** An event without its number. The fields of each type are those of the official client's. */
export interface WireEvent {
  readonly type: ResponseStreamEvent['type'];
  readonly [field: string]: unknown;
}

/** Our name in this protocol; seals of this name are handed back to a Responses upstream as they are. */
export const protocol = 'responses';

export const formatId: FormatId = { protocol, operation: 'chat' };

/** Where `text.verbosity` stands in our extensions: the one of them that is not a top-level field. */
export const verbosityField = 'text.verbosity';
