import type { FunctionCall, GenerateContentResponse, GenerateContentResponseUsageMetadata, Part } from '@google/genai';
import type { Client } from '../client.ts';
import {
  type Ask,
  type Heard,
  type HeardStream,
  type Json,
  only,
  parse,
  rule,
  sseEvents,
  type Turn,
} from '../vocabulary.ts';

/** The wire; the SDK's class adds getters to it. */
type Wire = Pick<GenerateContentResponse, 'candidates' | 'usageMetadata' | 'responseId' | 'modelVersion'>;

function contents(turn: Turn): readonly Json[] {
  switch (turn.role) {
    case 'system':
      return [];
    case 'user': {
      const image =
        turn.image === undefined ? [] : [{ inlineData: { mimeType: turn.image.mediaType, data: turn.image.base64 } }];
      return [{ role: 'user', parts: [...image, { text: turn.text }] }];
    }
    case 'assistant':
      return turn.heard.echo;
    case 'tool': {
      const parts = turn.results.map(({ call, text }) => ({
        functionResponse: { id: call.id, name: call.name, response: { output: text } },
      }));
      return [{ role: 'user', parts }];
    }
  }
}

function body(ask: Ask): Json {
  const system = ask.turns.flatMap((turn) => (turn.role === 'system' ? [{ text: turn.text }] : []));
  const declarations = ask.tools?.map(({ parameters, ...tool }) => ({ ...tool, parametersJsonSchema: parameters }));
  const config = {
    ...(ask.schema && { responseMimeType: 'application/json', responseJsonSchema: ask.schema }),
    ...(ask.reasoning && { thinkingConfig: { includeThoughts: true, thinkingBudget: 1024 } }),
  };
  return {
    contents: ask.turns.flatMap(contents),
    ...(system.length > 0 && { systemInstruction: { parts: system } }),
    ...(declarations && { tools: [{ functionDeclarations: declarations }] }),
    ...(Object.keys(config).length > 0 && { generationConfig: config }),
  };
}

function usageOf(usage: GenerateContentResponseUsageMetadata | undefined): Heard['usage'] {
  if (usage === undefined) return undefined;
  const { promptTokenCount: input = 0, candidatesTokenCount = 0, thoughtsTokenCount: reasoning } = usage;
  const output = candidatesTokenCount + (reasoning ?? 0);
  rule(usage.totalTokenCount === input + output, 'totalTokenCount is the sum');
  return { input, output, cached: usage.cachedContentTokenCount, reasoning };
}

function callOf(call: FunctionCall): Heard['calls'][number] {
  rule(call.name !== undefined && call.name !== '', 'calls have names');
  return { id: call.id ?? '', name: call.name, input: (call.args ?? {}) as Json };
}

function textOf(parts: readonly Part[], isThought: boolean): string {
  return parts
    .filter((part) => (part.thought ?? false) === isThought)
    .map((part) => part.text ?? '')
    .join('');
}

function heard(parts: readonly Part[], finish: unknown, usage: Wire['usageMetadata']): Heard {
  rule(finish === 'STOP' || finish === 'MAX_TOKENS', `finishReason is a known word, not ${String(finish)}`);
  const calls = parts.flatMap((part) => (part.functionCall === undefined ? [] : [callOf(part.functionCall)]));
  return {
    text: textOf(parts, false),
    reasoning: textOf(parts, true),
    calls,
    finish: finish === 'MAX_TOKENS' ? 'length' : calls.length > 0 ? 'tool-calls' : 'stop',
    usage: usageOf(usage),
    echo: [{ role: 'model', parts }],
  };
}

function readWhole(json: Json): Heard {
  const response = json as unknown as Wire;
  const candidate = only(response.candidates, 'candidate');
  rule(candidate.content?.role === 'model', 'content is the model’s');
  rule(typeof response.responseId === 'string', 'a responseId');
  return heard(candidate.content.parts ?? [], candidate.finishReason, response.usageMetadata);
}

type Chunk = Wire & { readonly error?: { readonly message: string } };

function readChunks(chunks: readonly Chunk[]): HeardStream {
  const parts: Part[] = [];
  let finish: unknown;
  let usage: Wire['usageMetadata'];
  for (const [index, chunk] of chunks.entries()) {
    if (chunk.error !== undefined) {
      rule(index === chunks.length - 1, 'nothing after the error');
      return { text: textOf(parts, false), error: readError(chunk as unknown as Json) };
    }
    usage = chunk.usageMetadata ?? usage;
    const candidate = chunk.candidates?.[0];
    if (candidate === undefined) continue;
    rule(finish === undefined || (candidate.content?.parts ?? []).length === 0, 'no parts after the finish reason');
    parts.push(...(candidate.content?.parts ?? []));
    finish = candidate.finishReason ?? finish;
  }
  rule(finish !== undefined, 'a stream ends with a finish reason');
  return { text: textOf(parts, false), heard: heard(parts, finish, usage) };
}

function readError(json: Json): string {
  const error = json.error as Json | undefined;
  rule(typeof error?.message === 'string', 'error.message');
  rule(typeof error.code === 'number', 'error.code is the status');
  rule(typeof error.status === 'string' && /^[A-Z_]+$/.test(error.status), 'error.status is one of Google’s words');
  return error.message;
}

const shared = {
  format: { protocol: 'generate_content', operation: 'chat' },
  lacks: {},
  hasCallIds: true,
  keepsSeals: true,
  readWhole,
  readError,
} as const;

export const geminiClient: Client = {
  ...shared,
  name: 'gemini',
  streamType: /^text\/event-stream/,
  request: (ask) => ({
    path: `/v1beta/models/${ask.model}:${ask.stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: body(ask),
  }),
  readStream: (text) => readChunks(sseEvents(text).map(({ data }) => parse<Chunk>(data))),
};

/** Streams as a list that grows: what the API answers without `alt=sse`. */
export const geminiListClient: Client = {
  ...shared,
  name: 'gemini (list)',
  streamType: /^application\/json/,
  request: (ask) => ({
    path: `/v1beta/models/${ask.model}:${ask.stream ? 'streamGenerateContent' : 'generateContent'}`,
    body: body(ask),
  }),
  readStream: (text) => readChunks(parse<readonly Chunk[]>(text)),
  readError: (json) => readError((Array.isArray(json) ? json[0] : json) as Json),
};
