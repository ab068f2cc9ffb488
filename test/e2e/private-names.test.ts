import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { type FakeUpstream, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of cleanup.splice(0).toReversed()) await end();
});

/** The README's "local first, hosted when that fails", as it stands there. */
function readmeConfig(hosted: FakeUpstream): string {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const block = [...readme.matchAll(/```yaml\n([\s\S]*?)```/g)]
    .map(([, yaml = '']) => yaml)
    .find((yaml) => yaml.includes('private:') && yaml.includes('default_model: assistant'));
  const credential = /^ {4}api_key: .*$/m;
  if (block === undefined || !credential.test(block)) throw new TypeError('the README has another example now');
  return block.replace(credential, `    api_base: ${hosted.baseUrl}\n    api_key: k\n    local: false`);
}

interface Scene {
  readonly app: RunningApp;
  readonly hosted: FakeUpstream;
  readonly ollama: FakeUpstream;
}

type OllamaWas = 'never there' | 'found, then stopped' | 'declared';

async function arrange(
  ollamaWas: OllamaWas,
  extra: (yaml: string) => string = (yaml) => yaml,
  ollamaIs: 'stopped' | 'running' = 'stopped',
): Promise<Scene> {
  const hosted = await startFake({ kind: 'openai', models: ['gpt-4o-mini', 'text-embedding-3-small'] });
  const ollama = await startFake({ kind: 'ollama', models: ['llama3.1:latest'] });
  cleanup.push(
    () => hosted.close(),
    () => ollama.close(),
  );
  let yaml = extra(readmeConfig(hosted));
  if (ollamaWas === 'never there') await ollama.stop();
  if (ollamaWas === 'declared') {
    yaml = yaml.replace('providers:\n', `providers:\n  ollama: { base_url: "${ollama.origin}", type: ollama }\n`);
  }
  const ports = [{ port: ollama.port, kinds: ['ollama'] as const, first: 'ollama' as const }];
  const app = await startApp({ yaml, ...(ollamaWas === 'declared' ? {} : { ports }) });
  cleanup.push(() => app[Symbol.asyncDispose]());
  if (ollamaIs === 'stopped') await ollama.stop();
  return { app, hosted, ollama };
}

const text = 'my diary';
const chat = { messages: [{ role: 'user', content: text }] };
const contents = { contents: [{ role: 'user', parts: [{ text }] }] };
const inPath = (name: string) => encodeURIComponent(name);

type Ask = (name: string) => readonly [path: string, body: object];

/** Whether an error is one of the protocol that asked. */
type IsTold = (body: { readonly type?: string; readonly error: { readonly [field: string]: unknown } }) => boolean;

const openaiError: IsTold = ({ error }) => typeof error.message === 'string' && 'param' in error;
const messagesError: IsTold = ({ type, error }) => type === 'error' && typeof error.message === 'string';
const geminiError: IsTold = ({ error }) => typeof error.code === 'number' && typeof error.status === 'string';
const ollamaError: IsTold = ({ error }) => typeof error === 'string';

/**
 * How each protocol asks, and what else than "not here" a private name may be answered: a count is an estimate made here, and
 * a chat model is no embedding model.
 */
const operations: readonly (readonly [string, Ask, IsTold, number?])[] = [
  ['chat', (model) => ['/v1/chat/completions', { model, ...chat }], openaiError],
  ['chat stream', (model) => ['/v1/chat/completions', { model, stream: true, ...chat }], openaiError],
  ['responses', (model) => ['/v1/responses', { model, input: text }], openaiError],
  ['completions', (model) => ['/v1/completions', { model, prompt: text }], openaiError],
  ['embeddings', (model) => ['/v1/embeddings', { model, input: text }], openaiError, 400],
  ['rerank', (model) => ['/v1/rerank', { model, query: text, documents: [text] }], openaiError, 400],
  ['messages', (model) => ['/v1/messages', { model, max_tokens: 9, ...chat }], messagesError],
  ['count_tokens', (model) => ['/v1/messages/count_tokens', { model, ...chat }], messagesError, 200],
  ['gemini', (model) => [`/v1beta/models/${inPath(model)}:generateContent`, contents], geminiError],
  [
    'gemini stream',
    (model) => [`/v1beta/models/${inPath(model)}:streamGenerateContent?alt=sse`, contents],
    geminiError,
  ],
  ['gemini count', (model) => [`/v1beta/models/${inPath(model)}:countTokens`, contents], geminiError, 200],
  [
    'gemini embed',
    (model) => [`/v1beta/models/${inPath(model)}:embedContent`, { content: contents.contents[0] }],
    geminiError,
    400,
  ],
  ['ollama chat', (model) => ['/api/chat', { model, ...chat }], ollamaError],
  ['ollama generate', (model) => ['/api/generate', { model, prompt: text }], ollamaError],
  ['ollama embed', (model) => ['/api/embed', { model, input: text }], ollamaError, 400],
  ['ollama warm-up', (model) => ['/api/generate', { model }], ollamaError],
];

/** Names that may be it mistyped, or with something added. */
const mistaken = words('private-v2 my-private private2 private_model privte prviate privat:latest privatee');

/** Ways to write `private`, or something that looks or counts as that. */
const spellings: readonly string[] = [
  ...words(
    'private private:latest private:cost private:x private:8b private:local private:LATEST private:latest:latest',
  ),
  ...words(
    'private/ private: private// private/: private@ private@latest private:/ /private ./private private/x x/private',
  ),
  ...words('PRIVATE Private PRIVATE:latest PRIVATE:x PRİVATE prıvate privat\u0301e ｐｒｉｖａｔｅ 𝐩𝐫𝐢𝐯𝐚𝐭𝐞 ⓟⓡⓘⓥⓐⓣⓔ'),
  // Cyrillic letters that look like Latin ones, a wide colon, another slash.
  ...words('рrivate рrіvаtе private：latest private\u2044x openai/рrivate'),
  ...words('models/private models/models/private models/private:latest MODELS/private library/private:latest'),
  ...words('registry.ollama.ai/library/private:latest registry.ollama.ai/private hf.co/private mistral/private'),
  ...words('ollama:private ollama/private ollama:private:latest ollama/PRIVATE OLLAMA:private:x'),
  ...words('openai:private openai/private openai:private:latest openai/Private openai:private:x openai:models/private'),
  ...words('openai:openai:private @private private, private;x private+ private=1 private#1 private? private. private-'),
  ...words('"private" \'private\' private\\ %70rivate private%20 private%2520 private%00 p-r-i-v-a-t-e'),
  // White space, controls, and what takes no room.
  ...[
    'private ',
    ' private',
    '\tprivate\n',
    'pRIVATE ',
    'private\u00a0',
    'private\u3000',
    'openai:private ',
    'p r i v a t e',
  ],
  ...['private\u0000', '\u0007private', 'private\u0085', 'priv\u200bate', '\u200bprivate', 'private\u200b:latest'],
  ...['private\ufeff', 'pri\u00advate', 'private\u2060', '\u202eprivate', 'private\ufe0f', 'private\u{e0001}'],
  ...[
    'pri\u3164vate',
    'pri\u2800vate',
    'openai:priv\u200bate',
    `${' '.repeat(300)}private`,
    `private${':x'.repeat(200)}`,
  ],
];

function words(text: string): readonly string[] {
  return text.split(' ');
}

/** What a name means is not the protocol's: where that was shown for all of them, these stand for the rest. */
const some = new Set(['chat', 'embeddings', 'gemini', 'ollama generate']);

interface LeaksOptions {
  readonly headers?: Record<string, string>;
  readonly inAll?: boolean;
}

async function leaks(
  { app, hosted }: Scene,
  names: readonly string[],
  { headers = {}, inAll = false }: LeaksOptions = {},
) {
  const wrong: unknown[] = [];
  const check = async ([operation, ask, isTold, alsoFine]: (typeof operations)[number], name: string) => {
    const [path, body] = ask(name);
    const answer = await app.post(path, body, { headers });
    const said = await answer.text();
    const isRefused = [404, 502, 503].includes(answer.status) && isTold(JSON.parse(said));
    if (!isRefused && answer.status !== alsoFine) wrong.push({ operation, name, status: answer.status, said });
  };
  const asked = operations.filter(([name]) => inAll || some.has(name));
  for (const name of names) await Promise.all(asked.map((operation) => check(operation, name)));
  return { wrong, sent: hosted.calls.map(({ path, body }) => `${path} ${body.toString().slice(0, 200)}`) };
}

const nothing = { wrong: [], sent: [] };

/** What may never answer for a private name, each written into the file. */
const defaults: readonly (readonly [string, (yaml: string) => string])[] = [
  ['a bare * with a model of its own', withModel('"*": { endpoints: [{ provider: openai, model: gpt-4o-mini }] }')],
  ['a bare * that hands names on', withModel('"*": { endpoints: [{ provider: openai }] }')],
  [
    'patterns that fit',
    withModel('"p*": { endpoints: [{ provider: openai }] }\n  "*e*": { endpoints: [{ provider: openai }] }'),
  ],
  [
    'patterns for whole providers',
    withModel('"openai*": { endpoints: [{ provider: openai }] }\n  "*:*": { endpoints: [{ provider: openai }] }'),
  ],
  ['failover.providers', (yaml) => `${yaml}  failover: { providers: [openai, ollama] }\n`],
  [
    'a provider with a default model',
    (yaml) => yaml.replace('local: false', 'local: false\n    default_model: gpt-4o-mini'),
  ],
];

function withModel(entry: string): (yaml: string) => string {
  return (yaml) => yaml.replace('models:\n', `models:\n  ${entry}\n`);
}

describe.each<OllamaWas>(['never there', 'found, then stopped', 'declared'])(
  'the file of the README, with Ollama %s',
  (ollamaWas) => {
    it('never sends a private prompt out, however the name is written', { timeout: 120_000 }, async () => {
      const scene = await arrange(ollamaWas);
      expect(await leaks(scene, [...spellings, ...mistaken], { inAll: ollamaWas === 'declared' })).toEqual(nothing);
    });

    it('answers other names by its default', async () => {
      const { app, hosted } = await arrange(ollamaWas);
      for (const model of [
        'assistant',
        'assistant:latest',
        ' Assistant/',
        'unheard-of',
        'gpt-4o-mini',
        'openai/gpt-4o-mini',
      ]) {
        const answer = await app.post('/v1/chat/completions', { model, ...chat });
        expect([model, answer.status], await answer.text()).toEqual([model, 200]);
      }
      expect(hosted.calls).toHaveLength(6);
    });
  },
);

it.each(defaults)('a private prompt is not sent out by %s', { timeout: 120_000 }, async (what, extra) => {
  // A pattern that somebody wrote is meant for names that it fits, as long as they are not the private one.
  const names = what.startsWith('patterns') ? spellings : [...spellings, ...mistaken];
  expect(await leaks(await arrange('never there', extra), names)).toEqual(nothing);
});

it('a private prompt is not sent out by a conditional route', { timeout: 120_000 }, async () => {
  const routes = (yaml: string) => `${yaml}  conditional_routes:
    - { name: elsewhere, condition: { field: headers.x-team, op: $eq, value: red }, action: { model: gpt-4o-mini } }
    - { name: there, condition: { field: headers.x-team, op: $eq, value: blue }, action: { provider: openai } }
`;
  const scene = await arrange('found, then stopped', routes);
  for (const team of ['red', 'blue']) {
    expect(
      await leaks(scene, [...spellings, ...(team === 'red' ? mistaken : [])], { headers: { 'x-team': team } }),
    ).toEqual(nothing);
  }
  const answer = await scene.app.post(
    '/v1/chat/completions',
    { model: 'x', ...chat },
    { headers: { 'x-team': 'red' } },
  );
  expect([answer.status, answer.headers.get('x-router-route')]).toEqual([200, 'elsewhere']);
});

it('a private prompt is not sent out by a mirror', async () => {
  const mirror = (yaml: string) =>
    `${yaml}  mirror: { enabled: true, rules: [{ name: shadow, model: "*", target: { model: gpt-4o-mini } }] }\n`;
  const { app, hosted } = await arrange('found, then stopped', mirror, 'running');
  for (const model of ['private', 'private:latest', 'PRIVATE', 'llama3.1:local']) {
    expect((await app.post('/v1/chat/completions', { model, ...chat })).status).toBe(200);
  }
  await app.until(() => app.told('mirror-settled').length === 4);
  expect(hosted.calls).toEqual([]);
});

it('a private prompt is not sent out by a lock on another provider', { timeout: 120_000 }, async () => {
  const scene = await arrange('found, then stopped');
  expect(await leaks(scene, spellings, { headers: { 'x-router-provider-lock': 'openai' } })).toEqual(nothing);
});

it('restricted patterns, presets and variants keep their restriction in any spelling', {
  timeout: 60_000,
}, async () => {
  const more = (yaml: string) =>
    `${withModel('"diary-*": { local_only: machine, endpoints: [{ provider: ollama, model: llama3.1 }] }')(yaml)}
presets:
  hush: { model: private }
  homely: { model: assistant, routing: { local_only: true } }
variants: { inside: { routing: { only: [ollama] } } }
`;
  const names = [
    ...words('diary-1 DIARY-1 diary-1:latest diary- diary Diary-1:x openai:diary-1 openai/Diary-1 x/diary-1 diray-1'),
    ...words('@hush @HUSH @hush:latest @hush/ @hush:x hush hush:latest ＠hush @hush/private:latest @hush/x:local'),
    ...words('@homely @Homely:latest @homely/assistant @homely/gpt-4o-mini @homely/nobody homely homely:x'),
    ...words(
      'llama3.1:local llama3.1:LOCAL llama3.1:local:latest llama3.1：local llama3.1:loca assistant:Local auto:local',
    ),
    ...words(
      'gpt-4o-mini:local gpt-4o-mini:Local/ openai:gpt-4o-mini:local openai/gpt-4o-mini:LOCAL AUTO:LOCAL :local',
    ),
    ...words('openai:gpt-new:local:latest openai:nobody:local:x local/llama3.1:local nobody%3Alocal'),
    ...words('gpt-4o-mini:inside assistant:INSIDE nobody:inside'),
    ...[' diary-1', ' @hush', ' @homely ', 'llama3.1:local ', 'assistant:INSIDE '],
  ];
  expect(await leaks(await arrange('never there', more), names)).toEqual(nothing);
});

it('what is no name is a mistake, not a free choice of model', async () => {
  const { app, hosted } = await arrange('never there');
  for (const model of [['private'], { name: 'private' }, 7, true]) {
    for (const [operation, ask] of operations.filter(([name]) => !/^gemini/.test(name))) {
      const [path, body] = ask('private');
      const answer = await app.post(path, { ...body, model });
      expect([operation, answer.status], await answer.text()).toEqual([operation, 400]);
    }
  }
  expect(hosted.calls).toEqual([]);
});

describe('a conversation that began in private', () => {
  const ask = async ({ app }: Pick<Scene, 'app'>, body: object) => {
    const answer = await app.post('/v1/responses', body);
    const { id, output, error } = (await answer.json()) as {
      readonly id: string;
      readonly output?: readonly { readonly id: string }[];
      readonly error: { readonly hint?: string } | null;
    };
    return {
      status: answer.status,
      id,
      item: output?.[0]?.id ?? '',
      provider: answer.headers.get('x-router-provider'),
      error,
    };
  };

  it('is gone on with at home or not at all, under whatever name', async () => {
    const scene = await arrange('declared', undefined, 'running');
    const first = await ask(scene, { model: 'private', input: text });
    const byHeader = await scene.app.post(
      '/v1/responses',
      { model: 'assistant', input: text },
      { headers: { 'x-router-local-only': '' } },
    );
    const { id: second } = (await byHeader.json()) as { id: string };
    const third = await ask(scene, { model: 'assistant', input: 'and more', previous_response_id: first.id });
    expect([first.provider, byHeader.status, third.provider]).toEqual(['ollama', 200, 'ollama']);
    await scene.ollama.stop();

    const goesOn: readonly object[] = [
      ...[first.id, second, third.id].map((previous_response_id) => ({ previous_response_id, input: 'go on' })),
      {
        input: [
          { type: 'item_reference', id: first.item },
          { role: 'user', content: 'go on' },
        ],
      },
      { input: 'go on', previous_response_id: third.id, store: false },
    ];
    for (const body of goesOn) {
      for (const model of ['assistant', 'openai:gpt-4o-mini', 'gpt-4o-mini', 'unheard-of', 'auto', undefined]) {
        const { status } = await ask(scene, { model, ...body });
        expect([502, 503], JSON.stringify({ model, ...body })).toContain(status);
      }
    }
    const refused = await ask(scene, { model: 'openai:gpt-4o-mini', ...goesOn[0] });
    expect(refused.error?.hint).toContain('an earlier turn of this conversation may not leave');
    expect(scene.hosted.calls).toEqual([]);
    expect((await ask(scene, { model: 'assistant', input: 'something else' })).provider).toBe('openai');
  });
});
