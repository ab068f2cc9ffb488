import OpenAI, { toFile } from 'openai';
import { describe, expect, it, onTestFinished } from 'vitest';
import { audio, mediaFake, partsOf, transcript } from '../support/fake-servers/media.ts';
import { type FakeUpstream, type Fault, faults, startFake } from '../support/fake-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

const types = { voice: 'speech', ears: 'transcription', painter: 'image', judge: 'moderation', talker: 'chat' };
const said = Buffer.concat([...audio]);
const bases = ['/v1', '', '/api/v1/ai'];

interface Setting {
  readonly app: RunningApp;
  readonly first: FakeUpstream;
  readonly second: FakeUpstream;
  readonly client: (base?: string) => OpenAI;
}

/** Two servers that have the same models under names of their own. */
async function twoServers(): Promise<Setting> {
  const [first, second] = await Promise.all([startFake({ kind: mediaFake }), startFake({ kind: mediaFake })]);
  const models = (prefix: string) =>
    Object.entries(types)
      .map(([id, type]) => `{id: ${id}, upstream_id: ${prefix}-${id}, type: ${type}}`)
      .join(', ');
  const provider = (fake: FakeUpstream, name: string, priority: number) =>
    `  ${name}: {base_url: "${fake.origin}", priority: ${priority}, models: [${models(name)}]}`;
  const app = await startApp({ yaml: `providers:\n${provider(first, 'one', 1)}\n${provider(second, 'two', 2)}\n` });
  onTestFinished(async () => {
    await app.app.destroy();
    await Promise.all([first.close(), second.close()]);
  });
  const client = (base = '/v1') => new OpenAI({ apiKey: 'any', baseURL: app.url + base, maxRetries: 0 });
  return { app, first, second, client };
}

/** Bytes of every value, with what looks like the end of a part among them. */
const recording = Buffer.concat([Buffer.from(Array.from({ length: 256 }, (_, i) => i)), Buffer.from('\r\n--x\r\n')]);

const early: Readonly<Record<string, Fault>> = {
  'a status': faults.status(500),
  'a reset before the answer': faults.resetBeforeHeaders(),
  'a reset after its head': faults.resetAfterHeaders(),
  'an empty answer': faults.emptyAnswer(),
  'a web page': () => [
    { kind: 'head', status: 200, headers: { 'Content-Type': 'text/html' }, length: undefined },
    { kind: 'write', bytes: Buffer.from('\n<!doctype html><p>sign in') },
    { kind: 'end' },
  ],
  'an error in the shape of a success': () => [
    { kind: 'head', status: 200, headers: { 'Content-Type': 'application/json' }, length: undefined },
    { kind: 'write', bytes: Buffer.from('{"error":{"message":"no voice","type":"server_error"}}') },
    { kind: 'end' },
  ],
};

describe('speech', () => {
  it.each(bases)('comes as the bytes that the server sent, asked below "%s"', async (base) => {
    const { client, first } = await twoServers();
    const answer = await client(base).audio.speech.create({ model: 'voice', voice: 'alloy', input: 'hi', speed: 1.5 });
    expect(answer.headers.get('content-type')).toBe('audio/mpeg');
    expect(answer.headers.get('x-router-provider')).toBe('one');
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(said);
    expect(JSON.parse(String(first.calls[0]?.body))).toEqual({
      model: 'one-voice',
      voice: 'alloy',
      input: 'hi',
      speed: 1.5,
    });
  });

  it('reaches the client piece by piece', async () => {
    const { client, first } = await twoServers();
    first.failCalls(faults.stallAfterEvents(1));
    const answer = await client().audio.speech.create({ model: 'voice', voice: 'alloy', input: 'hi' });
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    expect(Buffer.from((await reader.read()).value as Uint8Array)).toEqual(audio[0]);
    first.release();
    expect(Buffer.from((await reader.read()).value as Uint8Array)).toEqual(audio[1]);
    expect((await reader.read()).done).toBe(true);
  });

  it('comes as events for a client that asks for them', async () => {
    const { app, client } = await twoServers();
    const body = { model: 'voice', voice: 'alloy', input: 'hi', stream_format: 'sse' as const };
    const events = await (await client().audio.speech.create(body)).text();
    expect(events.match(/"type":"[a-z.]+"/g)).toEqual([
      '"type":"speech.audio.delta"',
      '"type":"speech.audio.delta"',
      '"type":"speech.audio.done"',
    ]);
    const [record] = await app.settles(1);
    expect(record?.usage).toMatchObject({ input: 3, output: 9 });
  });

  it.each(Object.keys(early))('moves on to the next server from %s', async (name) => {
    const { client, first, second } = await twoServers();
    first.failCalls(early[name]);
    const answer = await client().audio.speech.create({ model: 'voice', voice: 'alloy', input: 'hi' });
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(said);
    expect(answer.headers.get('x-router-provider')).toBe('two');
    expect(JSON.parse(String(second.calls[0]?.body))).toMatchObject({ model: 'two-voice' });
  });

  it('that breaks after its first byte is cut off, and asked of nobody else', async () => {
    const { app, client, first, second } = await twoServers();
    first.failCalls(faults.stallAfterEvents(1));
    const answer = await client().audio.speech.create({ model: 'voice', voice: 'alloy', input: 'hi' });
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    expect(Buffer.from((await reader.read()).value as Uint8Array)).toEqual(audio[0]);
    await first.stop();
    await expect(reader.read()).rejects.toThrow();
    const [record] = await app.settles(1);
    expect(record?.code).toBe('stream_broken');
    expect(second.calls).toHaveLength(0);
  });
});

describe('transcripts', () => {
  const upload = () => toFile(recording, 'été "1".wav', { type: 'audio/wav' });
  const plain = {
    text: `${transcript}\n`,
    srt: `1\n00:00:00,000 --> 00:00:01,000\n${transcript}\n`,
    vtt: `WEBVTT\n\n00:00.000 --> 00:01.000\n${transcript}\n`,
  };

  it.each(bases)('reach the OpenAI client in every format, asked below "%s"', async (base) => {
    const { client } = await twoServers();
    const ask = async (format: 'json' | 'verbose_json' | keyof typeof plain): Promise<unknown> =>
      client(base).audio.transcriptions.create({ model: 'ears', file: await upload(), response_format: format });
    expect(await ask('json')).toEqual({ text: transcript });
    expect(await ask('verbose_json')).toMatchObject({ text: transcript, language: 'german' });
    for (const [format, text] of Object.entries(plain)) expect(await ask(format as keyof typeof plain)).toBe(text);
    const translation = await client(base).audio.translations.create({ model: 'ears', file: await upload() });
    expect(translation.text).toBe(transcript);
  });

  it('stream', async () => {
    const { client } = await twoServers();
    const file = await upload();
    const types: string[] = [];
    for await (const event of await client().audio.transcriptions.create({ model: 'ears', file, stream: true })) {
      types.push(event.type);
    }
    expect(types).toEqual(['transcript.text.delta', 'transcript.text.done']);
  });

  it.each(Object.keys(early))('are made by the next server after %s, which gets the same file', async (name) => {
    const { client, first, second } = await twoServers();
    first.failCalls(early[name]);
    const file = await upload();
    const answer = await client().audio.transcriptions.create({ file, language: 'de', model: 'ears' });
    expect(answer.text).toBe(transcript);
    for (const [fake, model] of [
      [first, 'one-ears'],
      [second, 'two-ears'],
    ] as const) {
      const parts = partsOf(fake.calls[0] as NonNullable<(typeof fake.calls)[0]>);
      expect(parts.get('model')?.content).toBe(model);
      expect(parts.get('language')?.content).toBe('de');
      expect(parts.get('file')?.head).toMatch(/audio\/wav/);
      expect(parts.get('file')?.head).toContain('filename="');
      expect(Buffer.from(parts.get('file')?.content ?? '', 'latin1')).toEqual(recording);
    }
  });

  it.each([
    ['application/json', '{"model":"ears"}', 415],
    ['multipart/form-data', '--x--', 400],
    ['multipart/form-data; boundary=x', 'no boundary in here', 400],
    ['multipart/form-data; boundary=x', '--x\r\ncontent-disposition: form-data; name="model"\r\n\r\nears', 400],
    ['multipart/form-data; boundary=x', '', 400],
  ])('are refused for a body of %s that is %j', async (type, body, status) => {
    const { app, first } = await twoServers();
    const answer = await app.post('/v1/audio/transcriptions', body, { headers: { 'content-type': type } });
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
    expect(first.calls).toHaveLength(0);
  });

  it('are refused for a key that may not use the model, wherever it stands in the form', async () => {
    const fake = await startFake({ kind: mediaFake });
    onTestFinished(() => fake.close());
    await using app = await startApp({
      yaml: `providers: {one: {base_url: "${fake.origin}", models: [{id: ears}, {id: open}]}}\nauth: {keys: [{name: k, key: router-test-key, models: [open]}]}`,
    });
    const client = new OpenAI({ apiKey: 'router-test-key', baseURL: `${app.url}/v1`, maxRetries: 0 });
    await expect(client.audio.transcriptions.create({ file: await upload(), model: 'ears' })).rejects.toMatchObject({
      status: 403,
    });
    expect(fake.calls).toHaveLength(0);
  });
});

describe('pictures and moderation', () => {
  it.each(['/v1/images/generations', '/v1/generations/images', '/api/v1/ai/generations/images'])(
    'pictures are made at %s, by the second server when the first fails',
    async (path) => {
      const { app, first, second } = await twoServers();
      first.failCalls(faults.status(500));
      const answer = await app.post(path, { model: 'painter', prompt: 'a cat', n: 1 });
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({ data: [{ b64_json: 'iVBORw0KGgo=' }] });
      expect(second.calls[0]?.path).toBe('/v1/images/generations');
    },
  );

  it('pictures are edited for the OpenAI client', async () => {
    const { client, first } = await twoServers();
    const image = await toFile(recording, 'cat.png', { type: 'image/png' });
    const answer = await client().images.edit({ model: 'painter', image, prompt: 'a hat' });
    expect(answer.data).toHaveLength(1);
    expect(partsOf(first.calls[0] as (typeof first.calls)[0]).get('model')?.content).toBe('one-painter');
  });

  it('moderation answers the OpenAI client', async () => {
    const { client } = await twoServers();
    const answer = await client().moderations.create({ model: 'judge', input: 'hi' });
    expect(answer.results[0]?.flagged).toBe(false);
  });
});

it.each([
  ['/v1/chat/completions', 'voice', { messages: [{ role: 'user', content: 'hi' }] }, '/v1/audio/speech'],
  ['/v1/chat/completions', 'ears', { messages: [{ role: 'user', content: 'hi' }] }, '/v1/audio/transcriptions'],
  ['/v1/embeddings', 'painter', { input: 'hi' }, '/v1/images/generations'],
  ['/v1/audio/speech', 'talker', { input: 'hi', voice: 'alloy' }, '/v1/chat/completions'],
  ['/v1/audio/speech', 'ears', { input: 'hi', voice: 'alloy' }, '/v1/audio/transcriptions'],
  ['/v1/images/generations', 'judge', { prompt: 'hi' }, '/v1/moderations'],
])('%s refuses the model %s and names the path that it is asked at', async (path, model, body, right) => {
  const { app, first, second } = await twoServers();
  const answer = await app.post(path, { model, ...body });
  expect(answer.status).toBe(400);
  expect(await answer.text()).toContain(`it is asked at ${right}`);
  expect([...first.calls, ...second.calls]).toHaveLength(0);
});

it('takes self-hosted models, each at an address of its own and of a type in the words of others', async () => {
  const [tts, stt] = await Promise.all([startFake({ kind: mediaFake }), startFake({ kind: mediaFake })]);
  onTestFinished(async () => {
    await Promise.all([tts.close(), stt.close()]);
  });
  await using app = await startApp({
    yaml: `
providers:
  own:
    type: self_hosted
    models:
      - {id: kokoro, type: text_to_speech, base_url: "${tts.baseUrl}"}
      - {id: whisper, type: speech_to_text, base_url: "${stt.baseUrl}"}
      - {id: flux, type: image_generation, base_url: "${stt.baseUrl}"}
      - {id: llava, type: multimodal, base_url: "${stt.baseUrl}"}
`,
  });
  const types = [...app.app.snapshot().providers.values()].flatMap(({ offers }) =>
    offers.map(({ model }) => [model.id, model.type]),
  );
  expect(Object.fromEntries(types)).toEqual({
    kokoro: 'speech',
    whisper: 'transcription',
    flux: 'image',
    llava: 'chat',
  });
  const speech = await app.post('/v1/audio/speech', { model: 'kokoro', input: 'hi', voice: 'default' });
  expect(Buffer.from(await speech.arrayBuffer())).toEqual(said);
  const client = new OpenAI({ apiKey: 'any', baseURL: `${app.url}/v1`, maxRetries: 0 });
  const file = await toFile(recording, 'a.wav');
  expect((await client.audio.transcriptions.create({ model: 'whisper', file })).text).toBe(transcript);
  expect([tts.calls.length, stt.calls.length]).toEqual([1, 1]);
});
