import { generate, generatingRoutes, plainDialect } from './openai-wire.ts';
import type { FakeModel, FakeRequest, FakeState, Personality } from './personality.ts';
import { jsonBody, lacksKey, routeOf } from './personality.ts';
import { json, namedEvent, type Script } from './script.ts';

type Row = Readonly<Record<string, unknown>>;

function failure(status: number, message: string, code: string): Script {
  return json(status, { error: { message, type: 'invalid_request', param: null, code } });
}

function v1Row(model: FakeModel): Row {
  const config = { context_length: model.context ?? 4096, parallel: 4 };
  return {
    type: model.type === 'embedding' ? 'embedding' : 'llm',
    publisher: model.id.split('/')[0],
    key: model.id,
    display_name: model.id,
    architecture: 'llama',
    quantization: { name: 'Q4_K_M', bits_per_weight: 4 },
    size_bytes: model.sizeBytes ?? 4_920_000_000,
    params_string: '8B',
    loaded_instances: model.isLoaded === true ? [{ id: model.aliases?.[0] ?? model.id, config }] : [],
    max_context_length: model.contextMax ?? 131_072,
    format: 'gguf',
    capabilities: {
      vision: model.capabilities?.includes('vision') ?? false,
      trained_for_tool_use: model.capabilities?.includes('tool_use') ?? false,
    },
  };
}

function v0Row(model: FakeModel): Row {
  return {
    id: model.id,
    object: 'model',
    type: model.type === 'embedding' ? 'embeddings' : model.capabilities?.includes('vision') ? 'vlm' : 'llm',
    publisher: 'fake',
    arch: 'llama',
    compatibility_type: 'gguf',
    quantization: 'Q4_K_M',
    state: model.isLoaded === true ? 'loaded' : 'not-loaded',
    max_context_length: model.contextMax ?? 131_072,
    ...(model.isLoaded === true ? { loaded_context_length: model.context ?? 4096 } : {}),
    ...(model.capabilities === undefined ? {} : { capabilities: model.capabilities }),
  };
}

/** `settings.generation` is the newest native API it has: 1 (the default), 0, or 'none'. */
function listing(request: FakeRequest, state: FakeState): Script | undefined {
  const generation = state.settings.generation ?? 1;
  switch (routeOf(request)) {
    case 'GET /api/v1/models':
      return generation === 1 ? json(200, { models: state.models.map(v1Row) }) : undefined;
    case 'GET /api/v0/models':
      return generation === 'none' ? undefined : json(200, { object: 'list', data: state.models.map(v0Row) });
    case 'GET /v1/models':
      return json(200, {
        data: state.models.map((model) => ({ id: model.id, object: 'model', owned_by: 'organization_owner' })),
        object: 'list',
      });
    default:
      return undefined;
  }
}

/** With exactly one model loaded any name is answered by it. */
function answeringModel(asked: string, state: FakeState): string | undefined {
  if (state.models.some((model) => model.id === asked)) return asked;
  const loaded = state.models.filter((model) => model.isLoaded === true);
  return loaded.length === 1 ? loaded[0]?.id : undefined;
}

function generated(request: FakeRequest, state: FakeState): Script {
  const body = jsonBody(request);
  if (body === undefined) return json(400, { error: 'Invalid JSON body' });
  if (routeOf(request) === 'POST /v1/chat/completions' && !Array.isArray(body.messages)) {
    return json(400, { error: "'messages' field is required" });
  }
  const format = body.response_format as { readonly type?: string } | undefined;
  if (format?.type === 'json_object') {
    return json(400, { error: "'response_format.type' must be 'json_schema' or 'text'" });
  }
  const model = answeringModel(String(body.model), state);
  if (model === undefined) return failure(404, `Model ${String(body.model)} not found`, 'model_not_found');
  const dialect = { ...plainDialect, fingerprint: model, extra: { stats: {} }, answeringModel: () => model };
  return generate(request, state, dialect) ?? unexpected(request);
}

/** Any wrong path or method: 200, the worst habit of all. */
function unexpected(request: FakeRequest): Script {
  return json(200, { error: `Unexpected endpoint or method. (${request.method} ${request.path})` });
}

export const lmStudioFake: Personality = {
  kind: 'lm_studio',
  headers: { 'X-Powered-By': 'Express' },
  answer(request, state) {
    if (routeOf(request) === 'GET /lmstudio-greeting') return json(200, { lmstudio: true });
    if (lacksKey(request, state)) return failure(401, 'Invalid API key', 'invalid_api_key');
    if (generatingRoutes.has(routeOf(request))) return generated(request, state);
    return listing(request, state) ?? unexpected(request);
  },
  brokenTail: (message) => [namedEvent('error', { error: { message }, message })],
};
