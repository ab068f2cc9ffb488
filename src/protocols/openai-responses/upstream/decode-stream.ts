import { cut } from '../../../core/cut.ts';
import { parseEvent, type SseEvent, SseSplitter } from '../../../transport/sse.ts';
import type { BlockStart, Part, Seal } from '../../canonical.ts';
import { asArray, asNumber, asObject, asString, asText, isObject } from '../../fields.ts';
import { invalidAnswer } from '../../invalid-answer.ts';
import { decodeLogprobs } from '../../openai/logprobs.ts';
import type { DecodeContext, JsonObject, StreamDecoder } from '../../protocol.ts';
import { failureOf } from '../errors.ts';
import { decodeFinishReason } from '../finish-reason.ts';
import { decodeUsage } from '../usage.ts';
import { itemContent } from './decode-response.ts';
import { OpenBlocks } from './open-blocks.ts';

type Handler = (event: JsonObject, stream: Stream) => void;

/** What the handlers share. Parts of one chunk are gathered in `parts`. */
interface Stream {
  readonly context: DecodeContext;
  readonly blocks: OpenBlocks;
  parts: Part[];
  isStarted: boolean;
  isFinished: boolean;
}

/** Events that are left out tell nothing that others do not: parts opened, steps of the provider's own tools. */
const handlers: ReadonlyMap<unknown, Handler> = new Map<string, Handler>([
  ['response.created', start],
  ['response.in_progress', start],
  ['response.output_item.added', beginItem],
  ['response.output_text.delta', textDelta('text')],
  ['response.output_text.done', textDone('text', 'text')],
  ['response.refusal.delta', textDelta('refusal')],
  ['response.refusal.done', textDone('refusal', 'refusal')],
  ['response.reasoning_summary_part.added', beginParagraph],
  ['response.reasoning_summary_text.delta', reasoningDelta(true)],
  ['response.reasoning_text.delta', reasoningDelta(false)],
  ['response.function_call_arguments.delta', (event, { blocks }) => blocks.text(itemKey(event), deltaOf(event))],
  ['response.output_item.done', endItem],
  ['response.completed', finish],
  ['response.incomplete', finish],
  ['response.failed', (event, stream) => fail(asObject(event.response) ?? {}, stream)],
  ['error', fail],
]);

/** One answer's events. Needs neither `sequence_number` nor `output_index`, which llama.cpp leaves out. */
class ResponsesStreamDecoder implements StreamDecoder {
  readonly #splitter = new SseSplitter();
  readonly #stream: Stream;

  constructor(context: DecodeContext) {
    const stream: Stream = {
      context,
      blocks: new OpenBlocks((part) => stream.parts.push(part)),
      parts: [],
      isStarted: false,
      isFinished: false,
    };
    this.#stream = stream;
  }

  push(chunk: Buffer): readonly Part[] {
    for (const event of this.#splitter.push(chunk)) this.#read(event);
    return this.#taken();
  }

  end(): readonly Part[] {
    const rest = this.#splitter.rest();
    if (rest !== undefined) this.#read(parseEvent(rest));
    if (!this.#stream.isFinished)
      throw invalidAnswer(
        this.#stream.context.target,
        'the stream closed before response.completed or response.incomplete',
      );
    return this.#taken();
  }

  #read({ event, data }: SseEvent): void {
    if (data === undefined || data === '[DONE]' || this.#stream.isFinished) return;
    const body = parseData(data, this.#stream.context);
    const type = asString(body.type) ?? event;
    const handler = handlers.get(type);
    if (handler !== undefined) handler(body, this.#stream);
    // Without a type it may be the bare error envelope that servers write into a stream.
    else if (isObject(body.error)) fail(body, this.#stream);
  }

  #taken(): readonly Part[] {
    const { parts } = this.#stream;
    this.#stream.parts = [];
    return parts;
  }
}

function parseData(data: string, context: DecodeContext): JsonObject {
  try {
    const body: unknown = JSON.parse(data);
    if (isObject(body)) return body;
  } catch (thrown) {
    throw invalidAnswer(context.target, 'an event is not JSON', thrown);
  }
  throw invalidAnswer(context.target, 'an event is not a JSON object');
}

function start(event: JsonObject, stream: Stream): void {
  if (stream.isStarted) return;
  stream.isStarted = true;
  const response = asObject(event.response);
  stream.parts.push({
    kind: 'start',
    id: asString(response?.id) ?? '',
    model: asText(response?.model) ?? stream.context.target.model.upstreamId,
    created: asNumber(response?.created_at) ?? 0,
  });
}

/** The item's id, or its place where a server leaves the id out. */
function itemKey(event: JsonObject): string {
  return asText(event.item_id) ?? asText(asObject(event.item)?.id) ?? `#${asNumber(event.output_index) ?? 0}`;
}

function contentKey(event: JsonObject): string {
  return `${itemKey(event)}/${asNumber(event.content_index) ?? 0}`;
}

function deltaOf(event: JsonObject): string {
  return asString(event.delta) ?? '';
}

/** Only calls begin here: text and reasoning begin with their first character, so that empty ones never show. */
function beginItem(event: JsonObject, { blocks }: Stream): void {
  const [part] = itemContent(asObject(event.item) ?? {});
  if (part?.kind === 'tool-call') blocks.begin(itemKey(event), { kind: 'tool-call', id: part.id, name: part.name });
}

function textDelta(kind: 'text' | 'refusal'): Handler {
  return (event, { blocks, parts }) => {
    blocks.text(contentKey(event), deltaOf(event), { kind });
    const logprobs = decodeLogprobs({ content: asArray(event.logprobs) });
    if (logprobs !== undefined) parts.push({ kind: 'logprobs', choice: 0, logprobs });
  };
}

/** The whole text again; it only counts when no piece of it came before. */
function textDone(kind: 'text' | 'refusal', field: string): Handler {
  return (event, { blocks }) => {
    const key = contentKey(event);
    if (!blocks.has(key)) blocks.text(key, asString(event[field]) ?? '', { kind });
    blocks.end(key);
  };
}

function reasoningStart(event: JsonObject, isSummary: boolean): BlockStart {
  const id = asText(event.item_id);
  return { kind: 'reasoning', ...(isSummary && { isSummary }), ...(id !== undefined && { id }) };
}

function reasoningDelta(isSummary: boolean): Handler {
  return (event, { blocks }) => blocks.text(itemKey(event), deltaOf(event), reasoningStart(event, isSummary));
}

/** Summaries come in paragraphs; in the canonical form they are one text. */
function beginParagraph(event: JsonObject, { blocks }: Stream): void {
  const key = itemKey(event);
  if (blocks.has(key)) blocks.text(key, '\n\n');
}

/** The whole item again: what was not streamed before is taken from here, above all the seal of reasoning. */
function endItem(event: JsonObject, { blocks }: Stream): void {
  const key = itemKey(event);
  for (const [index, part] of itemContent(asObject(event.item) ?? {}).entries()) {
    switch (part.kind) {
      case 'text':
      case 'refusal':
        if (!blocks.has(`${key}/${index}`)) blocks.text(`${key}/${index}`, part.text, { kind: part.kind });
        blocks.end(`${key}/${index}`);
        break;
      case 'reasoning':
        endReasoning(key, part, blocks);
        break;
      case 'tool-call':
        if (!blocks.has(key)) blocks.begin(key, { kind: 'tool-call', id: part.id, name: part.name });
        if (blocks.isEmpty(key)) blocks.text(key, part.arguments);
        blocks.end(key);
        break;
      default:
        break;
    }
  }
}

interface EndedReasoning {
  readonly text: string;
  readonly isSummary?: boolean | undefined;
  readonly id?: string | undefined;
  readonly seal?: Seal | undefined;
}

function endReasoning(key: string, part: EndedReasoning, blocks: OpenBlocks): void {
  if (!blocks.has(key)) {
    const { isSummary, id } = part;
    blocks.begin(key, {
      kind: 'reasoning',
      ...(isSummary === true && { isSummary }),
      ...(id !== undefined && { id }),
    });
    blocks.text(key, part.text);
  }
  blocks.end(key, part.seal);
}

function finish(event: JsonObject, stream: Stream): void {
  const response = asObject(event.response) ?? {};
  start(event, stream);
  // Some servers stream nothing but this event.
  if (!stream.blocks.hasAny) for (const item of asArray(response.output)) endItem({ item }, stream);
  stream.blocks.endAll();
  const status = asString(response.status) ?? String(event.type).slice('response.'.length);
  const finished = decodeFinishReason({ ...response, status }, stream.blocks.shape);
  if (finished === undefined) throw invalidAnswer(stream.context.target, `the response ended as '${cut(status, 40)}'`);
  stream.parts.push({ kind: 'finish', choice: 0, reason: finished.reason, raw: finished.raw });
  const usage = decodeUsage(response.usage);
  if (usage !== undefined) stream.parts.push({ kind: 'usage', usage });
  stream.isFinished = true;
}

function fail(body: JsonObject, { context }: Stream): never {
  throw failureOf(body, context.target) ?? invalidAnswer(context.target, 'the stream failed without an error');
}

export function streamDecoder(context: DecodeContext): StreamDecoder {
  return new ResponsesStreamDecoder(context);
}
