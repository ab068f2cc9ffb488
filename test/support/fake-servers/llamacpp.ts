import { readCapture } from '../read-fixture.ts';
import { generate, plainDialect } from './openai-wire.ts';
import type { FakeModel, FakeRequest, FakeState, Personality } from './personality.ts';
import { jsonBody, lacksKey, pathOf, routeOf } from './personality.ts';
import { dataEvent, json, replay, type Script } from './script.ts';

function failure(status: number, message: string, type: string): Script {
  return json(status, { error: { code: status, message, type } });
}

/** The recorded listing, with the test's models in it. */
function meta(model: FakeModel): Readonly<Record<string, unknown>> {
  return {
    vocab_type: 1,
    n_vocab: 690,
    n_ctx: model.context ?? 4096,
    n_ctx_train: model.contextMax ?? 131_072,
    n_embd: 64,
    n_params: 162_368,
    size: model.sizeBytes ?? 325_376,
    ftype: 'F16',
  };
}

function entry(model: FakeModel): Readonly<Record<string, unknown>> {
  return {
    id: model.id,
    aliases: model.aliases ?? [model.id],
    tags: [],
    object: 'model',
    created: 1_795_189_662,
    owned_by: 'llamacpp',
    meta: meta(model),
  };
}

function routerEntry(model: FakeModel): Readonly<Record<string, unknown>> {
  const { meta: loadedMeta, ...rest } = entry(model) as { readonly meta: unknown };
  const isLoaded = model.isLoaded === true;
  return {
    ...rest,
    status: { value: isLoaded ? 'loaded' : 'unloaded', args: ['/opt/llama-server', '--model', `/secret/${model.id}`] },
    architecture: { input_modalities: ['text'], output_modalities: ['text'] },
    ...(isLoaded ? { meta: loadedMeta } : {}),
  };
}

function isRouterMode(state: FakeState): boolean {
  return state.settings.routerMode === true;
}

function props(state: FakeState): Script {
  if (isRouterMode(state)) return replay(readCapture('router-props'));
  const recorded = JSON.parse(readCapture('props').body.toString()) as Readonly<Record<string, unknown>>;
  const settings = { n_ctx: state.models[0]?.context ?? 4096 };
  return json(200, {
    ...recorded,
    default_generation_settings: settings,
    total_slots: state.slots,
    build_info: state.version,
  });
}

/** llama.cpp calls a client's mistake a 500. */
function mistake(request: FakeRequest): Script | undefined {
  const body = jsonBody(request);
  if (body === undefined) return replay(readCapture('bad-json'));
  if (pathOf(request) === '/v1/chat/completions' && body.messages === undefined) {
    return replay(readCapture('missing-messages'));
  }
  return undefined;
}

function served(request: FakeRequest, state: FakeState): Script | undefined {
  const route = routeOf(request);
  if (route === 'GET /v1/models' || route === 'GET /models') {
    const data = state.models.map(isRouterMode(state) ? routerEntry : entry);
    return json(200, { object: 'list', data });
  }
  if (route === 'GET /props') return props(state);
  if (route === 'POST /v1/embeddings' && !state.models.some((model) => model.type === 'embedding')) {
    return replay(readCapture('embeddings-not-enabled'));
  }
  return generate(request, state, {
    ...plainDialect,
    fingerprint: state.version,
    firstContent: null,
    extra: { timings: { cache_n: 0, prompt_n: 11, predicted_n: 7 } },
    answeringModel: (asked) => (isRouterMode(state) ? asked : (state.models[0]?.id ?? asked)),
  });
}

/** Tells its name on every answer, loads with 503 on every path, answers to any model name with its own. */
export const llamacppFake: Personality = {
  kind: 'llamacpp',
  headers: { Server: 'llama.cpp', 'Access-Control-Allow-Origin': '' },
  answer(request, state) {
    const path = pathOf(request);
    const isHealth = path === '/health' || path === '/v1/health';
    if (state.isLoading) return replay(readCapture('loading-models-503'));
    if (isHealth) return json(200, { status: 'ok' });
    if (lacksKey(request, state)) return replay(readCapture('key-models-401'));
    if (request.method === 'POST') {
      const wrong = mistake(request);
      if (wrong !== undefined) return wrong;
    }
    return served(request, state) ?? failure(404, 'File Not Found', 'not_found_error');
  },
  brokenTail: (message) => [dataEvent({ error: { code: 500, message, type: 'server_error' } })],
};
