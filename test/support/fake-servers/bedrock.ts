import { EventStreamCodec } from '@smithy/eventstream-codec';
import { Secret } from '../../../src/core/secret.ts';
import { authorizationOf, sha256Hex } from '../../../src/transport/auth/sigv4.ts';
import { checkRequest, RuleBroken } from './bedrock-rules.ts';
import {
  type ConnectionFault,
  pieces,
  type RecordedRequest,
  type Refusal,
  Refused,
  type Reply,
  startVendorServer,
  type VendorFake,
} from './vendor-server.ts';

export type BedrockFault =
  | { readonly kind: 'status'; readonly status: number; readonly exception: string; readonly message: string }
  /** A 200 whose stream ends in an exception after `after` events. */
  | { readonly kind: 'exception'; readonly after: number; readonly exception: string; readonly message: string }
  /** Of a stream alone. */
  | ConnectionFault;

export type FakeBlock =
  | { readonly text: string }
  | { readonly reasoning: string; readonly signature: string }
  | { readonly redacted: string }
  | { readonly toolUse: { readonly toolUseId: string; readonly name: string; readonly input: unknown } };

/** One answer. What it leaves out: the text "Hello!", `end_turn` (or `tool_use` after a call), 25 tokens in, 15 out. */
export interface BedrockAnswer {
  readonly blocks?: readonly FakeBlock[];
  readonly stopReason?: string;
  readonly usage?: Readonly<Record<string, number>>;
  readonly fault?: BedrockFault;
}

export type BedrockFake = VendorFake<BedrockAnswer>;

export interface BedrockAccount {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly bearerToken?: string;
  readonly region: string;
  readonly models: readonly string[];
}

export const sampleAccount: BedrockAccount = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  bearerToken: 'bedrock-api-key-test',
  region: 'us-east-1',
  models: ['anthropic.claude-sonnet-4-5-20250929-v1:0', 'amazon.nova-lite-v1:0'],
};

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString('utf8'),
  (text) => Buffer.from(text),
);

function frame(headers: Readonly<Record<string, string>>, payload: unknown): Buffer {
  const all = { ':content-type': 'application/json', ...headers };
  const wire = Object.entries(all).map(([name, value]) => [name, { type: 'string' as const, value }]);
  return Buffer.from(codec.encode({ headers: Object.fromEntries(wire), body: Buffer.from(JSON.stringify(payload)) }));
}

/** One event as the service frames it, `p` being the padding against guesses from its length. */
export function eventFrame(type: string, payload: Readonly<Record<string, unknown>>): Buffer {
  return frame({ ':event-type': type, ':message-type': 'event' }, { ...payload, p: 'abcdefghij' });
}

export function exceptionFrame(type: string, message: string): Buffer {
  return frame({ ':exception-type': type, ':message-type': 'exception' }, { message });
}

function blockFrames(block: FakeBlock, contentBlockIndex: number): readonly Buffer[] {
  const delta = (fields: unknown) => eventFrame('contentBlockDelta', { contentBlockIndex, delta: fields });
  const stop = eventFrame('contentBlockStop', { contentBlockIndex });
  if ('text' in block) return [...pieces(block.text).map((text) => delta({ text })), stop];
  if ('redacted' in block) return [delta({ reasoningContent: { redactedContent: block.redacted } }), stop];
  if ('reasoning' in block) {
    const texts = pieces(block.reasoning).map((text) => delta({ reasoningContent: { text } }));
    return [...texts, delta({ reasoningContent: { signature: block.signature } }), stop];
  }
  const { input, ...start } = block.toolUse;
  const inputs = ['', ...pieces(JSON.stringify(input))].map((text) => delta({ toolUse: { input: text } }));
  return [eventFrame('contentBlockStart', { contentBlockIndex, start: { toolUse: start } }), ...inputs, stop];
}

function blocksOf(answer: BedrockAnswer): readonly FakeBlock[] {
  return answer.blocks ?? [{ text: 'Hello!' }];
}

function stopReasonOf(answer: BedrockAnswer): string {
  return answer.stopReason ?? (blocksOf(answer).some((block) => 'toolUse' in block) ? 'tool_use' : 'end_turn');
}

function usageOf(answer: BedrockAnswer) {
  return { inputTokens: 25, outputTokens: 15, totalTokens: 40, ...answer.usage };
}

/** The stream of an answer, frame by frame, as the service orders them. */
export function streamFrames(answer: BedrockAnswer): readonly Buffer[] {
  return [
    eventFrame('messageStart', { role: 'assistant' }),
    ...blocksOf(answer).flatMap(blockFrames),
    eventFrame('messageStop', { stopReason: stopReasonOf(answer) }),
    eventFrame('metadata', { usage: usageOf(answer), metrics: { latencyMs: 551 } }),
  ];
}

function wireBlock(block: FakeBlock): unknown {
  if ('redacted' in block) return { reasoningContent: { redactedContent: block.redacted } };
  if (!('reasoning' in block)) return block;
  return { reasoningContent: { reasoningText: { text: block.reasoning, signature: block.signature } } };
}

/** The body of an answer that is not streamed. */
export function wholeAnswer(answer: BedrockAnswer) {
  const message = { role: 'assistant', content: blocksOf(answer).map(wireBlock) };
  return {
    metrics: { latencyMs: 551 },
    output: { message },
    stopReason: stopReasonOf(answer),
    usage: usageOf(answer),
  };
}

const signatureMismatch =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

function urlOf({ path, headers }: RecordedRequest): URL {
  return new URL(path, `http://${headers.host}`);
}

function checkSignature(request: RecordedRequest, account: BedrockAccount): void {
  const { headers, bytes } = request;
  const authorization = headers.authorization ?? '';
  const parsed = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/[^,]+, SignedHeaders=([^,]+), Signature=/.exec(authorization);
  if (parsed === null) throw new Refused(403, 'MissingAuthenticationTokenException', 'Missing Authentication Token');
  if (parsed[1] !== account.accessKeyId || headers['x-amz-security-token'] !== account.sessionToken) {
    throw new Refused(403, 'UnrecognizedClientException', 'The security token included in the request is invalid.');
  }
  const names = parsed[2]?.split(';') ?? [];
  const unsigned = Object.keys(headers).filter((name) => name.startsWith('x-amz-') || name === 'host');
  if (!unsigned.every((name) => names.includes(name)) || headers['x-amz-content-sha256'] !== sha256Hex(bytes)) {
    throw new Refused(403, 'InvalidSignatureException', signatureMismatch);
  }
  const time = String(headers['x-amz-date']).replace(/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/, '$1-$2-$3T$4:$5:$6Z');
  const expected = authorizationOf(
    {
      method: 'POST',
      url: urlOf(request),
      headers: Object.fromEntries(names.map((name) => [name, String(headers[name])])),
      body: bytes,
    },
    { region: account.region, service: 'bedrock', nowMs: Date.parse(time) },
    { accessKeyId: account.accessKeyId, secretAccessKey: new Secret(account.secretAccessKey) },
  );
  if (authorization !== expected) throw new Refused(403, 'InvalidSignatureException', signatureMismatch);
}

function checkCredential(request: RecordedRequest, account: BedrockAccount): void {
  const bearer = /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1];
  if (bearer === undefined) return checkSignature(request, account);
  if (bearer === account.bearerToken) return;
  throw new Refused(403, 'AccessDeniedException', 'Authentication failed: Please make sure your API Key is valid.');
}

function operationOf(request: RecordedRequest, account: BedrockAccount): 'converse' | 'converse-stream' {
  const [, id, operation] = /^\/model\/([^/]+)\/(converse|converse-stream)$/.exec(urlOf(request).pathname) ?? [];
  if (request.method !== 'POST' || id === undefined) throw new Refused(404, 'UnknownOperationException', '');
  if (!account.models.includes(decodeURIComponent(id))) {
    throw new Refused(400, 'ValidationException', 'The provided model identifier is invalid.');
  }
  return operation === 'converse' ? 'converse' : 'converse-stream';
}

function refusalOf(thrown: unknown): Refusal | undefined {
  const refused = thrown instanceof RuleBroken ? new Refused(400, 'ValidationException', thrown.message) : thrown;
  if (!(refused instanceof Refused)) return undefined;
  const { status, code, message } = refused;
  const kind = `${code}:http://internal.amazon.com/coral/com.amazon.bedrock/`;
  return { status, body: { message }, headers: { 'x-amzn-errortype': kind } };
}

function sendStream(reply: Reply, answer: BedrockAnswer): Promise<void> {
  const { fault } = answer;
  const last = fault?.kind === 'exception' ? exceptionFrame(fault.exception, fault.message) : undefined;
  return reply.stream({ type: 'application/vnd.amazon.eventstream', pieces: streamFrames(answer), fault, last });
}

function sendAnswer(reply: Reply, operation: string, answer: BedrockAnswer): void | Promise<void> {
  const { fault } = answer;
  if (fault?.kind === 'status') throw new Refused(fault.status, fault.exception, fault.message);
  return operation === 'converse-stream' ? sendStream(reply, answer) : reply.json(200, wholeAnswer(answer));
}

/**
 * Amazon Bedrock's runtime: refuses a wrong signature, path or body as the real one does, and streams in its binary
 * framing.
 */
export function startBedrockFake(account: BedrockAccount = sampleAccount): Promise<BedrockFake> {
  return startVendorServer<BedrockAnswer>({
    basePath: '',
    headers: { 'x-amzn-requestid': '5e0a4b0c-fake' },
    admit: (request) => checkCredential(request, account),
    respond(request, reply, next) {
      const operation = operationOf(request, account);
      if (request.body === undefined) {
        throw new Refused(400, 'SerializationException', 'The request body is not valid JSON.');
      }
      checkRequest(request.body);
      return sendAnswer(reply, operation, next());
    },
    refusalOf,
  });
}
