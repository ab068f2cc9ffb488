import { GatewayError } from '../../../core/errors.ts';
import type { CacheMark, ContentPart, DocumentSource, MediaSource, Message, Seal } from '../../canonical.ts';
import type { Drops } from '../../drops.ts';
import { asArray, asText, isObject } from '../../fields.ts';
import type { JsonObject } from '../../protocol.ts';
import { argumentsOf } from '../../tool-input.ts';
import { badField, Fields, list, text, textOrList } from '../fields.ts';
import { callSealOf, sealOf } from '../seal.ts';
import { protocol } from '../wire.ts';

/** What decoding one conversation gathers on its way. */
export interface Conversation {
  readonly drops: Drops;
  /** Names of the calls so far by id; results on this wire only know the id. */
  readonly toolNames: Map<string, string>;
  /** Tools that were called or that a search of the client's own brought up: what of the deferred ones the model knows. */
  readonly shownTools: Set<string>;
  /** Tools that the conversation itself defines, unread. */
  readonly addedTools: { readonly value: unknown; readonly path: string }[];
  /** Tools that the conversation withdrew and did not add again. */
  readonly removedTools: Set<string>;
  /** What the block before carries for the call that follows. */
  callSeal?: Seal | undefined;
}

type BlockDecoder = (block: Fields, conversation: Conversation) => readonly ContentPart[];

export function cacheMark(block: Fields): CacheMark | undefined {
  const control = block.inner('cache_control');
  return control === undefined ? undefined : { ttl: control.optional('ttl', text) };
}

function mediaSource(source: Fields, type: string): MediaSource {
  switch (type) {
    case 'base64':
      return {
        kind: 'bytes',
        mediaType: source.required('media_type', text),
        base64: source.required('data', text),
      };
    case 'url':
      return { kind: 'url', url: source.required('url', text) };
    case 'file':
      return { kind: 'file', id: source.required('file_id', text) };
    default:
      throw badField(source.path('type'), `Input tag '${type.slice(0, 64)}' is not a known source`);
  }
}

function sourceOf(block: Fields): Fields {
  return Fields.of(block.value.source, block.path('source'));
}

const decodeImage: BlockDecoder = (block) => {
  const source = sourceOf(block);
  return [{ kind: 'image', source: mediaSource(source, source.required('type', text)), cache: cacheMark(block) }];
};

/** A document whose content is given as blocks: its text becomes the document, its images follow it. */
function decodeBlocksDocument(block: Fields, conversation: Conversation): readonly ContentPart[] {
  const source = sourceOf(block);
  const parts = decodeContent(source.required('content', textOrList), source.path('content'), conversation);
  const words = parts.flatMap((part) => (part.kind === 'text' ? [part.text] : []));
  const images = parts.filter((part) => part.kind === 'image');
  return [documentPart(block, { kind: 'text', text: words.join('\n') }), ...images];
}

function documentPart(block: Fields, source: DocumentSource): ContentPart {
  return { kind: 'document', source, name: block.optional('title', text), cache: cacheMark(block) };
}

const decodeDocument: BlockDecoder = (block, conversation) => {
  const source = sourceOf(block);
  if (block.optional('context', text) !== undefined) conversation.drops.add('document.context');
  if (block.inner('citations')?.value.enabled === true) conversation.drops.add('document.citations');
  const type = source.required('type', text);
  if (type === 'content') return decodeBlocksDocument(block, conversation);
  if (type !== 'text') return [documentPart(block, mediaSource(source, type))];
  const words = source.required('data', text);
  return [documentPart(block, { kind: 'text', text: words, mediaType: source.optional('media_type', text) })];
};

/** No other protocol knows search results as such; their words are what the model needs. */
const decodeSearchResult: BlockDecoder = (block, conversation) => {
  const parts = decodeContent(block.required('content', list), block.path('content'), conversation);
  const words = parts.flatMap((part) => (part.kind === 'text' ? [part.text] : []));
  const heading = `${block.required('title', text)} (${block.required('source', text)})`;
  return [{ kind: 'text', text: [heading, ...words].join('\n'), cache: cacheMark(block) }];
};

const decodeToolUse: BlockDecoder = (block, conversation) => {
  const id = block.required('id', text);
  const name = block.required('name', text);
  conversation.toolNames.set(id, name);
  conversation.shownTools.add(name);
  const seal = conversation.callSeal;
  conversation.callSeal = undefined;
  return [{ kind: 'tool-call', id, name, arguments: argumentsOf(block.value.input), seal, cache: cacheMark(block) }];
};

const decodeToolResult: BlockDecoder = (block, conversation) => {
  const id = block.required('tool_use_id', text);
  const content = block.optional('content', textOrList) ?? [];
  return [
    {
      kind: 'tool-result',
      id,
      name: conversation.toolNames.get(id),
      content: decodeContent(content, block.path('content'), conversation),
      isError: block.value.is_error === true ? true : undefined,
      cache: cacheMark(block),
    },
  ];
};

/** What a client's tool search found. The definition stands among the tools; the model must hear that it was found. */
const decodeToolReference: BlockDecoder = (block, conversation) => {
  const name = block.required('tool_name', text);
  conversation.shownTools.add(name);
  return [{ kind: 'text', text: `Tool found: ${name}. It can be called now.`, cache: cacheMark(block) }];
};

const decodeThinking: BlockDecoder = (block, conversation) => {
  const signature = block.optional('signature', text) ?? '';
  const callSeal = callSealOf(signature);
  if (callSeal === undefined)
    return [{ kind: 'reasoning', text: block.required('thinking', text), seal: sealOf(signature) }];
  conversation.callSeal = callSeal;
  return [];
};

/** From here on the model has a tool more. Whole toolsets of servers that only Anthropic asks are left out. */
const decodeToolAddition: BlockDecoder = (block, conversation) => {
  const tool = Fields.of(block.value.tool, block.path('tool'));
  const type = tool.required('type', text);
  if (type === 'tool_reference') showTool(tool.required('name', text), conversation);
  else if (type === 'tool_definition') {
    const definition = Fields.of(tool.value.definition, tool.path('definition'));
    conversation.addedTools.push({ value: definition.value, path: tool.path('definition') });
    const name = definition.optional('name', text);
    if (name !== undefined) showTool(name, conversation);
  } else conversation.drops.add(`tool_addition.${type}`);
  return [];
};

function showTool(name: string, conversation: Conversation): void {
  conversation.shownTools.add(name);
  conversation.removedTools.delete(name);
}

const decodeToolRemoval: BlockDecoder = (block, conversation) => {
  const tool = Fields.of(block.value.tool, block.path('tool'));
  const type = tool.required('type', text);
  if (type === 'tool_reference') conversation.removedTools.add(tool.required('name', text));
  else conversation.drops.add(`tool_removal.${type}`);
  return [];
};

/** What came before it is gone: its summary is all that is left, and one that is sealed cannot be read here. */
const decodeCompaction: BlockDecoder = (block, conversation) => {
  const summary = block.optional('content', text);
  if (summary === undefined)
    throw new GatewayError('unsupported', `${block.path('content')}: This compaction can only be read by Anthropic.`, {
      param: block.path('content'),
    });
  decodeContent(block.optional('tool_changes', list) ?? [], block.path('tool_changes'), conversation);
  return [{ kind: 'text', text: summary, cache: cacheMark(block) }];
};

const blockDecoders: ReadonlyMap<string, BlockDecoder> = new Map<string, BlockDecoder>([
  ['text', (block) => [{ kind: 'text', text: block.required('text', text), cache: cacheMark(block) }]],
  ['image', decodeImage],
  ['document', decodeDocument],
  ['search_result', decodeSearchResult],
  ['tool_use', decodeToolUse],
  ['tool_result', decodeToolResult],
  ['tool_reference', decodeToolReference],
  ['tool_addition', decodeToolAddition],
  ['tool_removal', decodeToolRemoval],
  ['compaction', decodeCompaction],
  ['thinking', decodeThinking],
  [
    'redacted_thinking',
    (block) => [
      { kind: 'reasoning', text: '', seal: { protocol, value: block.required('data', text), isRedacted: true } },
    ],
  ],
]);

/** Blocks that only Anthropic's own servers understand (server tools, containers) are left out and named. */
function decodeBlock(value: unknown, path: string, conversation: Conversation): readonly ContentPart[] {
  const block = Fields.of(value, path);
  const type = block.required('type', text);
  const decode = blockDecoders.get(type);
  if (decode !== undefined) return decode(block, conversation);
  conversation.drops.add(type);
  return [];
}

export function decodeContent(
  content: string | readonly unknown[],
  path: string,
  conversation: Conversation,
): readonly ContentPart[] {
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', text: content }];
  return content.flatMap((block, index) => decodeBlock(block, `${path}.${index}`, conversation));
}

/** Tool results stand in user messages here and in messages of their own, one each, in the canonical form. */
function splitUserMessage(parts: readonly ContentPart[]): readonly Message[] {
  const messages: Message[] = [];
  let rest: ContentPart[] = [];
  const flush = () => {
    if (rest.length > 0) messages.push({ role: 'user', content: rest });
    rest = [];
  };
  for (const part of parts) {
    if (part.kind === 'tool-result') {
      flush();
      messages.push({ role: 'tool', content: [part] });
    } else rest.push(part);
  }
  flush();
  return messages;
}

function decodeMessage(value: unknown, path: string, conversation: Conversation): readonly Message[] {
  const message = Fields.of(value, path);
  const role = message.required('role', text);
  conversation.callSeal = undefined;
  const content = decodeContent(message.required('content', textOrList), message.path('content'), conversation);
  if (content.length === 0) return [];
  switch (role) {
    case 'user':
      return splitUserMessage(content);
    case 'assistant':
    case 'system':
      return [{ role, content }];
    default:
      throw badField(message.path('role'), "Input should be 'user', 'assistant' or 'system'");
  }
}

export function decodeMessages(messages: readonly unknown[], conversation: Conversation): readonly Message[] {
  return messages.flatMap((message, index) => decodeMessage(message, `messages.${index}`, conversation));
}

/** What Claude Code puts first; it differs with every release, so it would spoil every prefix cache behind us. */
const billingHeader = 'x-anthropic-billing-header:';

/** Whether a body starts with it, read without decoding. */
export function hasBillingBlock(body: JsonObject): boolean {
  const first = asArray(body.system)[0];
  return isObject(first) && asText(first.text)?.startsWith(billingHeader) === true;
}

export function decodeSystem(system: string | readonly unknown[], conversation: Conversation): readonly Message[] {
  const parts = decodeContent(system, 'system', conversation);
  const first = parts[0];
  const isBilling = first?.kind === 'text' && first.text.startsWith(billingHeader);
  if (isBilling) conversation.drops.add('x-anthropic-billing-header');
  const content = isBilling ? parts.slice(1) : parts;
  return content.length === 0 ? [] : [{ role: 'system', content }];
}
