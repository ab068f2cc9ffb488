import { type RecordedRequest, Refused, type Reply, startVendorServer, type VendorFake } from './vendor-server.ts';

/** An answer in place of the usual one. */
export interface AzureFault {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

interface AzureAnswer {
  readonly fault?: AzureFault;
}

/** Its URL is the resource's root, as the portal shows it. */
export interface AzureFake extends Omit<VendorFake<AzureAnswer>, 'answer'> {
  /** Queues a failure for one request that would have been answered. */
  fail(fault: AzureFault): void;
}

export const azureKey = '0123456789abcdef0123456789abcdef';
export const entraToken = 'eyJhbGciOiJub25lIn0.eyJhdWQiOiJodHRwczovL2FpLmF6dXJlLmNvbSJ9.c2ln';
const deployments = ['my-gpt', 'my-embeddings'];
const versions = ['2024-10-21', '2025-04-01-preview'];
/** Operations of the newer API; the older one has no Responses. */
const operations = ['/chat/completions', '/embeddings', '/responses'];

function checkCredential({ headers }: RecordedRequest): void {
  const { authorization, 'api-key': key } = headers;
  if (key === azureKey || (key === undefined && authorization === `Bearer ${entraToken}`)) return;
  const why =
    authorization === undefined
      ? 'Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.'
      : 'Unauthorized. Access token is missing, invalid, audience is incorrect (https://cognitiveservices.azure.com), or have expired.';
  throw new Refused(401, '401', why);
}

/** What is asked for, if it exists in either API. */
function operationOf({ path, body }: RecordedRequest): string {
  const { pathname, searchParams } = new URL(path, 'http://azure');
  const version = searchParams.get('api-version');
  const older = /^\/openai\/deployments\/([^/]+)(\/chat\/completions|\/embeddings)$/.exec(pathname);
  const newer = /^\/openai\/v1(\/.+)$/.exec(pathname);
  const operation = older?.[2] ?? newer?.[1];
  if (operation === undefined || !operations.includes(operation)) throw new Refused(404, '404', 'Resource not found');
  if (older !== null && !versions.includes(version ?? '')) throw new Refused(404, '404', 'Resource not found');
  if (newer !== null && version !== null && version !== 'preview' && version !== 'v1') {
    throw new Refused(400, 'BadRequest', 'API version not supported');
  }
  const deployment = older === null ? body?.model : decodeURIComponent(older[1] ?? '');
  if (deployments.includes(String(deployment))) return operation;
  throw new Refused(
    404,
    'DeploymentNotFound',
    'The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again.',
  );
}

const filters = { hate: { filtered: false, severity: 'safe' } };
const base = { id: 'chatcmpl-azure', created: 1_741_569_952, model: 'gpt-4.1-2025-04-14' };
const usage = { prompt_tokens: 19, completion_tokens: 10, total_tokens: 29 };

function chunk(choices: readonly unknown[], more: object = {}): string {
  return `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices, ...more })}\n\n`;
}

/** Azure's streams begin with a chunk that says nothing but what the filters thought of the prompt. */
function chatStream(includeUsage: boolean): string {
  const delta = (fields: object, finish_reason: string | null = null) =>
    chunk([{ index: 0, delta: fields, finish_reason, content_filter_results: filters }]);
  return [
    `data: ${JSON.stringify({ id: '', object: '', created: 0, model: '', choices: [], prompt_filter_results: [{ prompt_index: 0, content_filter_results: filters }] })}\n\n`,
    delta({ role: 'assistant', content: '' }),
    delta({ content: 'Hello' }),
    delta({ content: '!' }),
    delta({}, 'stop'),
    ...(includeUsage ? [chunk([], { usage })] : []),
    'data: [DONE]\n\n',
  ].join('');
}

function wholeAnswer(operation: string): unknown {
  switch (operation) {
    case '/embeddings':
      return { object: 'list', data: [{ object: 'embedding', index: 0, embedding: [0.5, 1] }], model: 'e', usage };
    case '/responses': {
      const content = [{ type: 'output_text', text: 'Hello!', annotations: [] }];
      const output = [{ id: 'msg_1', type: 'message', role: 'assistant', status: 'completed', content }];
      return { id: 'resp_1', object: 'response', created_at: 1, model: 'gpt', status: 'completed', output };
    }
    default: {
      const message = { role: 'assistant', content: 'Hello!', refusal: null };
      const choice = { index: 0, message, finish_reason: 'stop', content_filter_results: filters };
      return { ...base, object: 'chat.completion', choices: [choice], usage, prompt_filter_results: [] };
    }
  }
}

function respond(request: RecordedRequest, reply: Reply, next: () => AzureAnswer): void | Promise<void> {
  const operation = operationOf(request);
  const { fault } = next();
  if (fault !== undefined) return reply.json(fault.status, fault.body, fault.headers);
  const { stream, stream_options: options } = request.body ?? {};
  if (stream !== true || operation !== '/chat/completions') return reply.json(200, wholeAnswer(operation));
  const { include_usage: includeUsage } = (options ?? {}) as { readonly include_usage?: boolean };
  const type = 'text/event-stream; charset=utf-8';
  return reply.stream({ type, pieces: [chatStream(includeUsage === true)], fault });
}

/** A resource of Azure OpenAI with two deployments: refuses what the real one refuses, in its words. */
export async function startAzureFake(): Promise<AzureFake> {
  const fake = await startVendorServer<AzureAnswer>({
    basePath: '',
    headers: { 'apim-request-id': 'fake' },
    admit: checkCredential,
    respond,
    refusalOf(thrown) {
      if (!(thrown instanceof Refused)) return undefined;
      const { status, code, message } = thrown;
      return { status, body: { error: { code, message } } };
    },
  });
  return { ...fake, fail: (fault) => fake.answer({ fault }) };
}
