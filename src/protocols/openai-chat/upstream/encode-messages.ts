import type {
  ChatCompletionAssistantMessageParam,
  ChatCompletionContentPart,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions';
import { append } from '../../../core/append.ts';
import type { EndpointQuirks } from '../../../core/model.ts';
import { argumentsText } from '../../call-arguments.ts';
import type { ContentPart, Message, ReasoningPart, ToolCallPart, ToolResultPart } from '../../canonical.ts';
import { present } from '../../fields.ts';
import { encodeCallSeal, encodeDetails } from '../reasoning.ts';
import type { WireToolCall } from '../wire.ts';
import { type EncodeState, encodePart, encodeText, isText } from './encode-content.ts';

/**
 * The conversation as this wire has it. Tool results become messages of their own, directly after the calls; images
 * in them, which a tool message cannot hold, follow in the next user message.
 */
export function encodeMessages(messages: readonly Message[], state: EncodeState): ChatCompletionMessageParam[] {
  const encoded: ChatCompletionMessageParam[] = [];
  let attachments: ContentPart[] = [];
  for (const message of messages) {
    const results = message.content.filter((part) => part.kind === 'tool-result');
    const rest = results.length === 0 ? message.content : message.content.filter((part) => part.kind !== 'tool-result');
    for (const result of results) {
      encoded.push(encodeResult(result, state));
      append(attachments, attachmentsOf(result));
    }
    if (results.length > 0 && rest.length === 0) continue;
    const isUsers = message.role === 'user' || message.role === 'tool';
    if (attachments.length > 0 && !isUsers) encoded.push(encodeUser(attachments, undefined, state));
    encoded.push(encodeMessage(message, isUsers && attachments.length > 0 ? [...attachments, ...rest] : rest, state));
    if (attachments.length > 0) attachments = [];
  }
  if (attachments.length > 0) encoded.push(encodeUser(attachments, undefined, state));
  return encoded;
}

function encodeMessage(
  message: Message,
  content: readonly ContentPart[],
  state: EncodeState,
): ChatCompletionMessageParam {
  switch (message.role) {
    case 'system':
    case 'developer':
      return encodeSystem({ ...message, content }, state);
    case 'user':
    case 'tool':
      return encodeUser(content, message.name, state);
    case 'assistant':
      return encodeAssistant({ ...message, content }, state);
  }
}

function encodeSystem(message: Message, state: EncodeState): ChatCompletionMessageParam {
  const texts = message.content.filter(isText);
  if (texts.length < message.content.length) state.drops.add('system.media');
  const content = present({ name: message.name, content: encodeText(texts, state) });
  const isDeveloper = message.role === 'developer' && state.quirks.developerRole !== false;
  return isDeveloper ? { role: 'developer', ...content } : { role: 'system', ...content };
}

function encodeUser(content: readonly ContentPart[], name: string | undefined, state: EncodeState) {
  if (content.every(isText)) return present({ role: 'user' as const, name, content: encodeText(content, state) });
  const parts = content.map((part) => encodePart(part, state)).filter((part) => part !== undefined);
  return present({ role: 'user' as const, name, content: parts satisfies ChatCompletionContentPart[] });
}

type AssistantContent = NonNullable<ChatCompletionAssistantMessageParam['content']>;

function encodeAssistant(message: Message, state: EncodeState): ChatCompletionAssistantMessageParam {
  const texts = message.content.filter(isText);
  const refusals = message.content.filter((part) => part.kind === 'refusal').map((part) => part.text);
  const calls = message.content.filter((part) => part.kind === 'tool-call');
  const reasoning = message.content.filter((part) => part.kind === 'reasoning');
  const isAllCarried = texts.length + refusals.length + calls.length + reasoning.length === message.content.length;
  if (!isAllCarried) state.drops.add('assistant.media');
  const content: AssistantContent | null = texts.length === 0 ? null : encodeText(texts, state);
  return present({
    role: 'assistant' as const,
    name: message.name,
    // Servers differ on null; without calls an empty text is what all of them take.
    content: calls.length === 0 && refusals.length === 0 ? (content ?? '') : content,
    refusal: refusals.length === 0 ? undefined : refusals.join(''),
    ...encodeReasoning(reasoning, state),
    tool_calls: calls.length === 0 ? undefined : calls.map((call) => encodeCall(call, state)),
  });
}

function encodeReasoning(parts: readonly ReasoningPart[], { quirks, drops }: EncodeState): object {
  if (parts.length === 0) return {};
  const text = parts.map((part) => part.text).join('');
  const field: EndpointQuirks['reasoningField'] = quirks.reasoningField;
  switch (field) {
    case undefined:
      drops.add('reasoning');
      return {};
    case 'reasoning_details': {
      const details = encodeDetails(parts);
      return details.length === 0 ? { reasoning: text } : { reasoning_details: details };
    }
    case 'reasoning':
    case 'reasoning_content':
      // Sealed text that is not shown has nothing to say on this wire.
      return text === '' ? {} : { [field]: text };
  }
}

function encodeCall(call: ToolCallPart, { quirks }: EncodeState): WireToolCall {
  const sealed = quirks.reasoningField === 'reasoning_details' ? encodeCallSeal(call.seal) : {};
  return {
    id: call.id,
    type: 'function',
    function: { name: call.name, arguments: argumentsText(call.arguments) },
    ...sealed,
  };
}

function encodeResult(result: ToolResultPart, state: EncodeState): ChatCompletionMessageParam {
  const texts = result.content.filter(isText);
  if (result.isError === true) state.drops.add('tool_result.is_error');
  return { role: 'tool', tool_call_id: result.id, content: encodeText(texts, state) };
}

function attachmentsOf(result: ToolResultPart): readonly ContentPart[] {
  const media = result.content.filter((part) => !isText(part));
  if (media.length === 0) return [];
  const title = result.name === undefined ? result.id : `${result.name} (${result.id})`;
  return [{ kind: 'text', text: `Attached to the result of ${title}:` }, ...media];
}
