import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { Clock } from '../core/clock.ts';
import { collect } from '../core/collect.ts';
import type { ProtocolName } from '../core/model.ts';
import type { ExplainedCandidate } from '../gateway/explain.ts';
import { asArray, asObject, asText } from '../protocols/fields.ts';
import type { JsonObject } from '../protocols/protocol.ts';
import { parseEvent, SseSplitter } from '../transport/sse.ts';
import { costOf } from '../usage/cost.ts';
import { exitCodes } from './exit-codes.ts';
import { CommandError } from './report.ts';
import type { Target } from './router-link.ts';

export interface SendInput {
  readonly target: Target;
  readonly clock: Clock;
  readonly model: string;
  readonly protocol: ProtocolName;
  readonly text: string;
  /** The request may not leave the network. */
  readonly localOnly: boolean;
  /** For the price, which a stream's headers come too early to tell. */
  readonly chain: readonly ExplainedCandidate[];
  readonly onText: (piece: string) => void;
}

/** What came of one real request. Null where it is not known. */
export interface Sent {
  readonly provider: string | null;
  readonly model: string | null;
  readonly text: string;
  readonly first_token_ms: number | null;
  readonly tokens_per_second: number | null;
  readonly usage: { readonly input: number; readonly output: number } | null;
  /** US dollars. */
  readonly cost: number | null;
  readonly fallback_used: boolean;
  readonly attempts: number | null;
}

interface Dialect {
  readonly path: (model: string) => string;
  readonly body: (model: string, text: string) => JsonObject;
  readonly textOf: (event: JsonObject) => string;
  readonly usageOf: (event: JsonObject) => { input: unknown; output: unknown } | undefined;
}

const maxTokens = 1_024;

/** As little of each protocol as one question and its streamed answer need. */
const dialects: Partial<Readonly<Record<ProtocolName, Dialect>>> = {
  chat_completions: {
    path: () => '/v1/chat/completions',
    body: (model, text) => ({
      model,
      messages: [{ role: 'user', content: text }],
      stream: true,
      stream_options: { include_usage: true },
    }),
    textOf: (event) => asText(asObject(asObject(asArray(event.choices)[0])?.delta)?.content) ?? '',
    usageOf: ({ usage }) => pick(usage, 'prompt_tokens', 'completion_tokens'),
  },
  responses: {
    path: () => '/v1/responses',
    body: (model, text) => ({ model, input: text, stream: true, store: false }),
    textOf: (event) => (event.type === 'response.output_text.delta' ? (asText(event.delta) ?? '') : ''),
    usageOf: (event) => pick(asObject(event.response)?.usage, 'input_tokens', 'output_tokens'),
  },
  messages: {
    path: () => '/v1/messages',
    body: (model, text) => ({
      model,
      max_tokens: maxTokens,
      messages: [{ role: 'user', content: text }],
      stream: true,
    }),
    textOf: (event) => asText(asObject(event.delta)?.text) ?? '',
    usageOf: (event) => pick(event.usage ?? asObject(event.message)?.usage, 'input_tokens', 'output_tokens'),
  },
  generate_content: {
    path: (model) => `/v1beta/models/${encodeURIComponent(model)}:streamGenerateContent?alt=sse`,
    body: (_model, text) => ({ contents: [{ role: 'user', parts: [{ text }] }] }),
    textOf: (event) => {
      const parts = asArray(asObject(asObject(asArray(event.candidates)[0])?.content)?.parts);
      return parts.map((part) => asText(asObject(part)?.text) ?? '').join('');
    },
    usageOf: (event) => pick(event.usageMetadata, 'promptTokenCount', 'candidatesTokenCount'),
  },
};

function pick(usage: unknown, input: string, output: string) {
  const fields = asObject(usage);
  return fields === undefined ? undefined : { input: fields[input], output: fields[output] };
}

export function canSend(protocol: ProtocolName): boolean {
  return dialects[protocol] !== undefined;
}

/** One request through the whole pipeline, its answer handed on as it comes. Throws a CommandError. */
export async function sendText(input: SendInput): Promise<Sent> {
  const dialect = dialects[input.protocol];
  if (dialect === undefined) throw new CommandError('usage', `cannot send ${input.protocol}`);
  const startedAt = input.clock.monotonic();
  const response = await post(input, dialect);
  if (response.statusCode !== 200) throw await refusedBy(response);
  const answer = new Answer(input, dialect, startedAt);
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) answer.take(chunk);
  } catch (thrown) {
    // The answer's own error event says more than that the connection ended.
    if (thrown instanceof CommandError) throw thrown;
    throw new CommandError('stream_broken', 'the answer broke off');
  }
  return answer.finish(response.headers);
}

function post({ target, model, text, localOnly }: SendInput, dialect: Dialect): Promise<IncomingMessage> {
  const headers = {
    'content-type': 'application/json',
    ...(localOnly ? { 'x-router-local-only': 'true' } : {}),
    ...(target.key === undefined ? {} : { authorization: `Bearer ${target.key}` }),
  };
  return new Promise((resolve, reject) => {
    const asking = request(target.url + dialect.path(model), { method: 'POST', headers, agent: false }, resolve);
    asking.on('error', (error) => {
      const fields = { exitCode: exitCodes.unreachable };
      reject(new CommandError('router_unreachable', `${target.url} does not answer: ${error.message}`, fields));
    });
    asking.end(JSON.stringify(dialect.body(model, text)));
  });
}

/** As much of a refusal as is read. Bytes. */
const maxRefusal = 64 * 1024;

async function refusedBy(response: IncomingMessage): Promise<CommandError> {
  const { bytes } = await collect(response, maxRefusal);
  const body = bytes.toString('utf8');
  return (
    errorIn(parse(body)) ?? new CommandError('request_failed', `the router answered ${response.statusCode}: ${body}`)
  );
}

function errorIn(body: JsonObject | undefined): CommandError | undefined {
  const error = asObject(body?.error);
  const message = asText(error?.message);
  if (error === undefined || message === undefined) return undefined;
  return new CommandError(asText(error.code) ?? 'request_failed', message, { hint: asText(error.hint) });
}

function parse(text: string): JsonObject | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Owns what is known of one answer while it arrives. */
class Answer {
  readonly #input: SendInput;
  readonly #dialect: Dialect;
  readonly #startedAt: number;
  readonly #splitter = new SseSplitter();
  /** From comments, when the headers had to go out before anybody answered. */
  readonly #facts = new Map<string, string>();
  #text = '';
  #firstAt: number | undefined;
  #usage: { readonly input: number; readonly output: number } | undefined;

  constructor(input: SendInput, dialect: Dialect, startedAt: number) {
    this.#input = input;
    this.#dialect = dialect;
    this.#startedAt = startedAt;
  }

  take(chunk: Buffer): void {
    for (const raw of this.#splitter.split(chunk)) this.#takeEvent(raw);
  }

  #takeEvent(raw: Buffer): void {
    const { data } = parseEvent(raw);
    if (data === undefined) return this.#takeComment(raw.toString('utf8'));
    const event = parse(data);
    if (event === undefined) return;
    const failed = errorIn(event);
    if (failed !== undefined) throw failed;
    const piece = this.#dialect.textOf(event);
    if (piece !== '') this.#firstAt ??= this.#input.clock.monotonic();
    this.#text += piece;
    if (piece !== '') this.#input.onText(piece);
    const usage = this.#dialect.usageOf(event);
    if (usage === undefined) return;
    const count = (value: unknown, before: number) => (typeof value === 'number' ? value : before);
    this.#usage = {
      input: count(usage.input, this.#usage?.input ?? 0),
      output: count(usage.output, this.#usage?.output ?? 0),
    };
  }

  #takeComment(text: string): void {
    for (const [, name, value] of text.matchAll(/(x-router-[a-z-]+)=([^;\n]*)/g))
      this.#facts.set(name ?? '', value ?? '');
  }

  finish(headers: IncomingHttpHeaders): Sent {
    const { clock, chain } = this.#input;
    const fact = (name: string): string | null => {
      const value = headers[`x-router-${name}`] ?? this.#facts.get(`x-router-${name}`);
      return typeof value === 'string' ? value : null;
    };
    const firstAt = this.#firstAt;
    const output = this.#usage?.output;
    const writingMs = firstAt === undefined ? 0 : clock.monotonic() - firstAt;
    const hasSpeed = output !== undefined && output > 1 && writingMs > 0;
    const candidate = chain.find((one) => one.provider === fact('provider') && one.model === fact('model'));
    return {
      provider: fact('provider'),
      model: fact('model'),
      text: this.#text,
      first_token_ms: firstAt === undefined ? null : Math.round(firstAt - this.#startedAt),
      tokens_per_second: hasSpeed ? Math.round((output / writingMs) * 10_000) / 10 : null,
      usage: this.#usage ?? null,
      cost: numberOf(fact('cost')) ?? this.#costAt(candidate),
      fallback_used: fact('fallback-used') === 'true',
      attempts: numberOf(fact('attempts')),
    };
  }

  #costAt(candidate: ExplainedCandidate | undefined): number | null {
    if (candidate === undefined) return null;
    if (candidate.pricing === null) return candidate.local ? 0 : null;
    return this.#usage === undefined ? null : costOf(this.#usage, candidate.pricing);
  }
}

function numberOf(text: string | null): number | null {
  return text === null ? null : Number(text);
}
