import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CanonicalRequest, CanonicalResponse, ContentPart, Message } from '../../../../src/protocols/canonical.ts';
import { responseParts } from '../../../../src/protocols/collect.ts';
import { asArray, asObject, isObject } from '../../../../src/protocols/fields.ts';
import { inbound as ollamaChatInbound } from '../../../../src/protocols/ollama/inbound.ts';
import type { JsonObject } from '../../../../src/protocols/protocol.ts';
import { type RequestLimits, reasoningPart, requests, responses, textPart } from '../../../contract/codec.ts';
import { answerContext, linesOf, png, route } from './samples.ts';

const image: fc.Arbitrary<ContentPart> = fc.base64String({ minLength: 4, maxLength: 40 }).map((tail) => ({
  kind: 'image',
  source: { kind: 'bytes', mediaType: 'image/png', base64: png.slice(0, 24) + tail },
}));

const limits: RequestLimits = {
  instructions: ['system'],
  user: [textPart, image],
  reasoning: reasoningPart,
  parameters: [
    ...(['maxTokens', 'temperature', 'topP', 'topK', 'minP', 'frequencyPenalty', 'presencePenalty'] as const),
    ...(['seed', 'stop', 'logprobs', 'topLogprobs', 'reasoning'] as const),
  ],
  texts: 1,
};

/** Writes a request the way Ollama's reference describes it: calls without ids, results in the order of the calls. */
function write(request: CanonicalRequest): JsonObject {
  return {
    model: request.model,
    messages: request.messages.map(writeMessage),
    tools: request.tools.map((tool) => ({ type: 'function', function: tool })),
    stream: request.stream,
    think: request.reasoning?.effort,
    logprobs: request.logprobs,
    top_logprobs: request.topLogprobs,
    options: {
      num_predict: request.maxTokens,
      temperature: request.temperature,
      top_p: request.topP,
      top_k: request.topK,
      min_p: request.minP,
      frequency_penalty: request.frequencyPenalty,
      presence_penalty: request.presencePenalty,
      seed: request.seed,
      stop: request.stop,
    },
  };
}

function writeMessage({ role, content }: Message): JsonObject {
  const result = content.find((part) => part.kind === 'tool-result');
  if (result !== undefined) return { role, tool_name: result.name, content: textOf(result.content) };
  return {
    role,
    content: textOf(content),
    thinking: content.find((part) => part.kind === 'reasoning')?.text,
    images: content.flatMap((part) =>
      part.kind === 'image' && part.source.kind === 'bytes' ? [part.source.base64] : [],
    ),
    tool_calls: content.flatMap((part) =>
      part.kind === 'tool-call' ? [{ function: { name: part.name, arguments: JSON.parse(part.arguments) } }] : [],
    ),
  };
}

function textOf(content: readonly ContentPart[]): string {
  return content.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('');
}

/** Ids are ours on this wire: only who belongs to whom can survive. */
function renumbered(messages: readonly Message[]): readonly Message[] {
  const ids = new Map<string, string>();
  const idOf = (id: string) => {
    if (!ids.has(id)) ids.set(id, `${ids.size}`);
    return ids.get(id) ?? id;
  };
  return messages.map((message) => ({
    ...message,
    content: message.content.map((part) =>
      part.kind === 'tool-call' || part.kind === 'tool-result' ? { ...part, id: idOf(part.id) } : part,
    ),
  }));
}

test('every request means what was written', () => {
  fc.assert(
    fc.property(requests(limits), (request) => {
      const body = JSON.parse(JSON.stringify(write(request)));
      const decoded = ollamaChatInbound.decode(body, route);
      expect(decoded.drops).toEqual([]);
      const expected = { ...request, messages: renumbered(request.messages), includeUsage: true };
      expect({ ...decoded.request, messages: renumbered(decoded.request.messages) }).toEqual(expected);
    }),
  );
});

/** What a client gathers from the lines of a stream, or from one object. */
function gather(lines: readonly JsonObject[]) {
  const messages = lines.map((line) => asObject(line.message) ?? {});
  const join = (key: string) => messages.map((message) => message[key] ?? '').join('');
  const last = lines.at(-1);
  return {
    content: join('content'),
    thinking: join('thinking'),
    calls: messages.flatMap((message) => asArray(message.tool_calls)).filter(isObject),
    logprobs: lines.flatMap((line) => asArray(line.logprobs)),
    end: [last?.done, last?.done_reason, last?.prompt_eval_count, last?.eval_count],
  };
}

function expected(response: CanonicalResponse) {
  const choice = response.choices[0];
  const content = choice?.content ?? [];
  const calls = content.filter((part) => part.kind === 'tool-call');
  return {
    content: textOf(content),
    thinking: content.flatMap((part) => (part.kind === 'reasoning' ? [part.text] : [])).join(''),
    calls: calls.map(({ id, name, arguments: given }, index) => ({
      id,
      function: { index, name, arguments: JSON.parse(given) },
    })),
    logprobs: (choice?.logprobs ?? []).map(({ top, ...token }) => ({ ...token, top_logprobs: top })),
    end: [true, choice?.finishReason === 'length' ? 'length' : 'stop', response.usage?.input, response.usage?.output],
  };
}

test('every answer is told whole, as a stream and in one object', () => {
  const any = responses({
    finishReasons: ['stop', 'length'],
    reasoning: reasoningPart,
    choices: 1,
    hasLogprobs: true,
    usage: ['input', 'output'],
  });
  fc.assert(
    fc.property(any, (response) => {
      const encoder = ollamaChatInbound.streamEncoder(answerContext(), 'ndjson');
      const text =
        responseParts(response)
          .map((part) => encoder.encode(part))
          .join('') + encoder.end();
      expect(gather(linesOf(text))).toEqual(expected(response));
      expect(gather([ollamaChatInbound.encodeResponse(response, answerContext())])).toEqual(expected(response));
    }),
  );
});
