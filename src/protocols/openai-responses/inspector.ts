import { cut } from '../../core/cut.ts';
import type { Candidate } from '../../core/model.ts';
import { asObject, asString, isObject } from '../fields.ts';
import { invalidAnswer } from '../invalid-answer.ts';
import { classifyError, isErrorBody } from '../openai/errors.ts';
import { operationPath } from '../openai/path.ts';
import { fillParams, setModel } from '../passthrough.ts';
import type { EventMeaning, Inspector, JsonObject, PassthroughEdits } from '../protocol.ts';
import type { Splice } from '../splice.ts';
import { failureOf } from './errors.ts';
import { requestPath } from './upstream/encode-request.ts';
import { decodeUsage } from './usage.ts';
import { formatId } from './wire.ts';

/** Items that only announce what follows; a call is content by itself. */
const announcedItems: ReadonlySet<unknown> = new Set(['message', 'reasoning']);

const announcements: ReadonlySet<string> = new Set([
  'response.created',
  'response.queued',
  'response.in_progress',
  'response.content_part.added',
  'response.reasoning_summary_part.added',
]);

/** Reads streams and answers that are passed through. */
export const inspector: Inspector = {
  id: formatId,
  path: (target) => operationPath(requestPath, target),
  meaning,
  answer(body, target) {
    const failure = failureOf(body, target);
    if (failure !== undefined) throw failure;
    if (!Array.isArray(body.output) || (body.status !== 'completed' && body.status !== 'incomplete'))
      throw invalidAnswer(target, `no complete response: status '${cut(String(body.status), 40)}'`);
    return { usage: decodeUsage(body.usage) };
  },
  edit,
  interesting: /response\.(?:completed|incomplete|failed)|"error"|event: ?error/,
  classifyError,
};

const spellings = { max_tokens: 'max_output_tokens', max_completion_tokens: 'max_output_tokens' };

function edit(splice: Splice, { target, systemPrompt, hasSystemPrompt }: PassthroughEdits): void {
  setModel(splice, target);
  fillParams(splice, target.params, spellings);
  if (systemPrompt !== undefined && !hasSystemPrompt) splice.fill('instructions', JSON.stringify(systemPrompt));
}

function meaning(event: string, data: string, target: Candidate): EventMeaning {
  if (data === '[DONE]') return { kind: 'end' };
  const body = parsed(data);
  if (body === undefined) return { kind: 'error', error: invalidAnswer(target, 'an event is not a JSON object') };
  const type = asString(body.type) ?? event;
  if (type === 'response.completed' || type === 'response.incomplete') {
    // The one event is finish and end marker at once; `finish` is what makes an answer whole.
    const whole = asObject(body.response);
    return { kind: 'finish', usage: decodeUsage(whole?.usage), whole };
  }
  if (type === 'response.failed') return failed(asObject(body.response) ?? {}, target);
  if (type === 'error' || isErrorBody(body)) return failed(body, target);
  return { kind: isAnnouncement(type, body) ? 'preamble' : 'content' };
}

function isAnnouncement(type: string, body: JsonObject): boolean {
  if (type === 'response.output_item.added') return announcedItems.has(asObject(body.item)?.type);
  return announcements.has(type);
}

function parsed(data: string): JsonObject | undefined {
  try {
    const body: unknown = JSON.parse(data);
    return isObject(body) ? body : undefined;
  } catch {
    // The caller says what it means: an unreadable event is an error of the upstream.
    return undefined;
  }
}

function failed(body: JsonObject, target: Candidate): EventMeaning {
  const error = failureOf(body, target) ?? invalidAnswer(target, 'the stream failed without an error');
  return { kind: 'error', error };
}
