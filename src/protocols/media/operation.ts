import { GatewayError } from '../../core/errors.ts';
import type { Usage } from '../../core/model.ts';
import { estimateTokens } from '../estimate.ts';
import { asNumber, asObject, asString, asText } from '../fields.ts';
import { editQuery } from '../openai/edit-body.ts';
import { classifyError, isErrorBody, errorRenderer as openaiErrors } from '../openai/errors.ts';
import { operationPath } from '../openai/path.ts';
import type { EventMeaning, InboundFormat, Inspector, JsonObject } from '../protocol.ts';
import { answersInBytes, type MediaOperation, mediaFormat, mediaOperations, mediaPath } from './wire.ts';

/** Fields of forms are text, so `true` comes as a word as well. */
function wantsStream(operation: MediaOperation, body: JsonObject): boolean {
  if (operation === 'speech') return body.stream_format === 'sse';
  return operation !== 'moderations' && (body.stream === true || body.stream === 'true');
}

/** Of what a model reads: audio and pictures are not counted. */
function textSize({ input, prompt }: JsonObject): number {
  return (asString(input) ?? '').length + (asString(prompt) ?? '').length;
}

function inboundOf(operation: MediaOperation): InboundFormat {
  return {
    id: mediaFormat(operation),
    facts: (body) => ({
      model: asText(body.model),
      stream: wantsStream(operation, body),
      includeUsage: true,
      needs: new Set(),
      promptTokens: estimateTokens(textSize(body)),
      maxTokens: undefined,
    }),
    framing: () => 'sse',
    keepAlive: () => ': keep-alive\n\n',
    errors: openaiErrors,
  };
}

function usageOf(value: unknown): Usage | undefined {
  const usage = asObject(value);
  const input = asNumber(usage?.input_tokens);
  return input === undefined ? undefined : { input, output: asNumber(usage?.output_tokens) ?? 0 };
}

function eventOf(data: string): JsonObject {
  try {
    return asObject(JSON.parse(data)) ?? {};
  } catch (thrown) {
    throw new GatewayError('upstream_invalid', 'The upstream sent an unreadable event.', { cause: thrown });
  }
}

/** `speech.audio.done`, `transcript.text.done`, `image_generation.completed`, `image_edit.completed`. */
const finishing = /\.(?:done|completed)$/;

function inspectorOf(operation: MediaOperation): Inspector {
  const path = mediaPath(operation);
  const meaning: Inspector['meaning'] = (_name, data, target): EventMeaning => {
    if (data === '[DONE]') return { kind: 'end' };
    const event = eventOf(data);
    if (isErrorBody(event) || event.type === 'error')
      return { kind: 'error', error: classifyError(200, {}, data, target) };
    const isLast = finishing.test(asString(event.type) ?? '');
    return { kind: isLast ? 'finish' : 'content', usage: usageOf(event.usage) };
  };
  return {
    id: mediaFormat(operation),
    path: (target) => operationPath(path, target),
    mayBeBytes: answersInBytes.has(operation),
    meaning,
    answer(body, target) {
      if (isErrorBody(body)) throw classifyError(200, {}, JSON.stringify(body), target);
      return { usage: usageOf(body.usage) };
    },
    edit: editQuery,
    interesting: /\.done|\.completed|error|\[DONE\]/,
    classifyError,
  };
}

/** Clients that ask for audio, transcripts, pictures and moderation. */
export const mediaInbounds: readonly InboundFormat[] = mediaOperations.map(inboundOf);

/** Upstreams that answer them. */
export const mediaInspectors: readonly Inspector[] = mediaOperations.map(inspectorOf);
