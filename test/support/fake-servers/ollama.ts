import { createHash } from 'node:crypto';
import { generate, generatingRoutes, plainDialect, requestFault } from './openai-wire.ts';
import type { FakeModel, FakeRequest, FakeState, Personality } from './personality.ts';
import { jsonBody, routeOf } from './personality.ts';
import { dataEvent, empty, json, ndjson, type Script, text } from './script.ts';

const types: Readonly<Record<number, string>> = { 400: 'invalid_request_error', 404: 'not_found_error' };

function failure(status: number, message: string): Script {
  return json(status, { error: { message, type: types[status] ?? 'api_error', param: null, code: null } });
}

function digest(model: FakeModel): string {
  return createHash('sha256').update(model.id).digest('hex');
}

function details(): Readonly<Record<string, unknown>> {
  return { parent_model: '', format: 'gguf', family: 'llama', families: ['llama'], parameter_size: '8.0B' };
}

function tag(model: FakeModel): Readonly<Record<string, unknown>> {
  return {
    name: model.id,
    model: model.id,
    modified_at: '2026-10-01T12:00:00.000000000+02:00',
    size: model.sizeBytes ?? 4_920_753_328,
    digest: digest(model),
    ...(model.remoteHost === undefined ? {} : { remote_model: model.id, remote_host: model.remoteHost }),
    ...(model.capabilities === undefined ? {} : { capabilities: model.capabilities }),
    details: { ...details(), ...(model.contextMax === undefined ? {} : { context_length: model.contextMax }) },
  };
}

function running(model: FakeModel): Readonly<Record<string, unknown>> {
  const { capabilities: _capabilities, ...rest } = tag(model) as { readonly capabilities?: unknown };
  return {
    ...rest,
    expires_at: '2026-10-01T12:05:00+02:00',
    size_vram: model.sizeBytes ?? 0,
    context_length: model.context ?? 4096,
  };
}

/** The OpenAI listing of an empty Ollama says null where others say []. */
function listing(state: FakeState): Script {
  const data = state.models.map((model) => ({
    id: model.id,
    object: 'model',
    created: 1_759_312_800,
    owned_by: 'library',
  }));
  return json(200, { object: 'list', data: data.length === 0 ? null : data });
}

function findModel(state: FakeState, name: string): FakeModel | undefined {
  const full = (value: string) => (value.includes(':') ? value : `${value}:latest`).toLowerCase();
  return state.models.find((model) => full(model.id) === full(name));
}

function show(request: FakeRequest, state: FakeState): Script {
  const asked = jsonBody(request)?.model;
  const model = typeof asked === 'string' ? findModel(state, asked) : undefined;
  if (model === undefined) return json(404, { error: `model '${String(asked)}' not found` });
  return json(200, {
    template: '{{ .Prompt }}',
    parameters: '',
    details: details(),
    model_info: { 'general.architecture': 'llama', 'llama.context_length': model.contextMax ?? 131_072 },
    capabilities: model.capabilities ?? [model.type === 'embedding' ? 'embedding' : 'completion'],
  });
}

function nativeChat(request: FakeRequest, state: FakeState): Script {
  const body = jsonBody(request) ?? {};
  const base = { model: body.model, created_at: '2026-10-01T12:00:00Z' };
  const end = {
    ...base,
    message: { role: 'assistant', content: '' },
    done: true,
    done_reason: state.answer.finishReason,
    total_duration: 5_000_000,
    prompt_eval_count: state.answer.promptTokens,
    eval_count: state.answer.completionTokens,
  };
  const message = { role: 'assistant', content: state.answer.text };
  if (body.stream === false) return json(200, { ...end, message });
  return ndjson([{ ...base, message, done: false }, end]);
}

const allowedHost = /^(localhost|[a-z0-9.-]+\.(localhost|local|internal)|127\.[0-9.]+|\[::1\])(:\d+)?$/i;

function known(request: FakeRequest, state: FakeState): Script | undefined {
  switch (routeOf(request)) {
    case 'GET /':
    case 'HEAD /':
      return text(200, 'Ollama is running');
    case 'GET /api/version':
      return json(200, { version: state.version });
    case 'GET /api/tags':
      return json(200, { models: state.models.map(tag) });
    case 'GET /api/ps':
      return json(200, { models: state.models.filter((model) => model.isLoaded === true).map(running) });
    case 'POST /api/show':
      return show(request, state);
    case 'POST /api/chat':
      return nativeChat(request, state);
    case 'GET /v1/models':
      return listing(state);
    default:
      return undefined;
  }
}

function generated(request: FakeRequest, state: FakeState): Script {
  const asked = String(jsonBody(request)?.model ?? '');
  switch (requestFault(request, state, (name) => findModel(state, name) !== undefined)) {
    case 'malformed':
      return failure(400, 'invalid character after object key');
    case 'no-messages':
      return failure(400, '[] is too short - messages');
    case 'no-model':
    case 'unknown-model':
      return failure(404, `model '${asked}' not found`);
    case undefined:
      return generate(request, state, dialect) ?? text(404, '404 page not found');
  }
}

const dialect = { ...plainDialect, reasoningField: 'reasoning', fingerprint: 'fp_ollama' } as const;

/** Answers text to unknown paths, nothing at all to a foreign Host, and ends a failed stream without a word. */
export const ollamaFake: Personality = {
  kind: 'ollama',
  headers: {},
  answer(request, state) {
    if (!allowedHost.test(String(request.headers.host)) || request.headers.origin !== undefined) return empty(403);
    if (generatingRoutes.has(routeOf(request))) return generated(request, state);
    return known(request, state) ?? text(404, '404 page not found');
  },
  brokenTail: () => [
    dataEvent({
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1_795_189_662,
      model: '',
      system_fingerprint: 'fp_ollama',
      choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }],
    }),
  ],
};
