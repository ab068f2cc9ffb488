import { asArray, asObject, asText } from '../protocols/fields.ts';
import type { JsonObject } from '../protocols/protocol.ts';
import { isUsable, type Offer, type Provider, type Snapshot } from '../registry/snapshot.ts';
import { redactCredentials } from '../telemetry/redact.ts';
import { endpointSecrets } from '../transport/auth/sent-secrets.ts';
import type { Transport } from '../transport/client.ts';
import { parseEvent, SseSplitter } from '../transport/sse.ts';
import type { CheckInput, CheckResult } from './check.ts';
import { type PostResult, post } from './post.ts';

/** A small model on a CPU answers within this; one that has to be loaded first may not. Milliseconds. */
const streamMs = 20_000;
const toolMs = 20_000;
/** Enough for a call, not for much thinking before it. */
const toolTokens = 128;

interface Subject {
  readonly input: CheckInput;
  readonly transport: Transport;
  readonly offer: Offer;
}

/** One chat model of each local server is really asked, for a few tokens. Hosted ones never: that would cost money. */
export async function checkLocalChat(
  input: CheckInput,
  snapshot: Snapshot,
  transport: Transport,
): Promise<readonly CheckResult[]> {
  const providers = [...snapshot.providers.values()].filter(
    (provider) => isUsable(provider) && provider.state === 'ready',
  );
  const offers = providers.flatMap((provider) => chatOffer(provider) ?? []);
  const results = await Promise.all(offers.map((offer) => checkOffer({ input, transport, offer })));
  return results.flat();
}

/** A loaded one, so that nothing has to be read from disk for the sake of a check. */
function chatOffer({ offers }: Provider): Offer | undefined {
  const chats = offers.filter(
    ({ model }) =>
      model.isLocal &&
      (model.type === 'chat' || model.type === 'unknown') &&
      model.protocols.includes('chat_completions'),
  );
  return chats.find(({ model }) => model.isLoaded === true) ?? chats[0];
}

async function checkOffer(subject: Subject): Promise<readonly CheckResult[]> {
  const stream = await checkStream(subject);
  if (stream.status === 'fail' || subject.offer.model.capabilities?.has('tools') === false) return [stream];
  return [stream, await checkTools(subject)];
}

async function checkStream(subject: Subject): Promise<CheckResult> {
  const result = await ask(subject, streamMs, {
    messages: [{ role: 'user', content: 'Say OK.' }],
    max_tokens: 8,
    temperature: 0,
    stream: true,
    stream_options: { include_usage: true },
  });
  const told = (status: CheckResult['status'], message: string, fix?: string) =>
    resultOf(subject, 'streaming', { status, message, fix });
  const failure = failureOf(result);
  if (failure !== undefined) return told(failure.status, failure.message, failure.fix);
  const stream = readStream(result.kind === 'answer' ? result.text : '');
  if (stream.error !== undefined)
    return told('fail', `the stream failed: ${stream.error}`, 'look into the log of the server');
  if (!stream.hasFinish || !stream.hasEnd) {
    return told(
      'fail',
      'the stream does not end properly',
      'update the server: clients would take a cut answer for a whole one',
    );
  }
  if (stream.tokens === undefined) {
    return told(
      'warn',
      'streams, but does not report its tokens',
      'update the server: costs and limits need the numbers',
    );
  }
  return told('ok', `streams, ends properly, reports its tokens (${stream.tokens})`);
}

interface ReadStream {
  readonly hasFinish: boolean;
  readonly hasEnd: boolean;
  readonly tokens: number | undefined;
  readonly error: string | undefined;
}

function readStream(text: string): ReadStream {
  const datas = new SseSplitter().split(Buffer.from(text)).flatMap((raw) => parseEvent(raw).data ?? []);
  const events = datas.flatMap((data): readonly JsonObject[] => {
    const event = parse(data);
    return event === undefined ? [] : [event];
  });
  const usage = events.map((event) => asObject(event.usage)?.completion_tokens);
  return {
    hasFinish: events.some((event) => asText(asObject(asArray(event.choices)[0])?.finish_reason) !== undefined),
    hasEnd: datas.at(-1) === '[DONE]',
    tokens: usage.find((value) => typeof value === 'number'),
    error: events.map((event) => asText(asObject(event.error)?.message)).find((message) => message !== undefined),
  };
}

const weatherTool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather in a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};

/** Many local models run without a template that knows tools: agents would fail on them in odd ways. */
async function checkTools(subject: Subject): Promise<CheckResult> {
  const result = await ask(subject, toolMs, {
    messages: [{ role: 'user', content: 'What is the weather in Paris? Call the tool.' }],
    tools: [weatherTool],
    tool_choice: 'required',
    max_tokens: toolTokens,
    temperature: 0,
  });
  const told = (status: CheckResult['status'], message: string, fix?: string) =>
    resultOf(subject, 'tools', { status, message, fix });
  const agents = 'agents need another model';
  if (result.kind === 'answer' && result.status >= 400 && result.status < 600) {
    return told('warn', `does not take tools: ${messageIn(result.text)}`, agents);
  }
  const failure = failureOf(result);
  if (failure !== undefined) return told('warn', failure.message, failure.fix);
  const choice = asObject(asArray(parse(result.kind === 'answer' ? result.text : '')?.choices)[0]);
  const message = asObject(choice?.message);
  const called = asObject(asObject(asArray(message?.tool_calls)[0])?.function);
  if (choice?.finish_reason === 'length') {
    return told('warn', `had not called the tool after ${toolTokens} tokens`, 'it may think at length: try it by hand');
  }
  if (called === undefined) return told('warn', 'was asked to call a tool and did not', agents);
  const isReadable = parse(asText(called.arguments) ?? '') !== undefined;
  if (!isReadable) return told('warn', 'called a tool with arguments that are no JSON', agents);
  return told('ok', 'calls tools');
}

function ask({ input, transport, offer }: Subject, timeoutMs: number, body: JsonObject): Promise<PostResult> {
  const { endpoint, model } = offer;
  const whole = { model: model.upstreamId, ...body };
  return post({ transport, clock: input.clock, endpoint, path: '/chat/completions', body: whole, timeoutMs });
}

type Told = Pick<CheckResult, 'status' | 'message' | 'fix'>;

/** What keeps the answer from being looked at. */
function failureOf(result: PostResult): Told | undefined {
  switch (result.kind) {
    case 'late':
      return {
        status: 'warn',
        message: 'did not answer in time',
        fix: 'it may be loading the model: ask again in a minute',
      };
    case 'failed':
      return { status: 'fail', message: result.error.message, fix: 'look into the log of the server' };
    case 'answer':
      if (result.status === 200) return undefined;
      return {
        status: 'fail',
        message: `answered ${result.status}: ${messageIn(result.text)}`,
        fix: 'look into the log of the server',
      };
  }
}

function resultOf({ offer }: Subject, what: string, told: Told): CheckResult {
  // A server may quote what it was sent.
  const message = endpointSecrets(offer.endpoint).redact(redactCredentials(told.message));
  return { check: 'chat', subject: `${offer.endpoint.providerId}:${offer.model.id} ${what}`, ...told, message };
}

function messageIn(text: string): string {
  const error = parse(text)?.error;
  return asText(asObject(error)?.message) ?? asText(error) ?? text.slice(0, 200);
}

function parse(text: string): JsonObject | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}
