import { doneEvent, generate, generatingRoutes, plainDialect, requestFault } from './openai-wire.ts';
import type { FakeModel, FakeState, Personality } from './personality.ts';
import { lacksKey, pathOf, routeOf } from './personality.ts';
import { dataEvent, empty, json, type Script } from './script.ts';

function failure(status: number, message: string, type: string): Script {
  return json(status, { error: { message, type, param: null, code: status } });
}

/** LoRAs, known by a parent in `settings.loras`, have no context of their own. */
function entry(model: FakeModel, state: FakeState): Readonly<Record<string, unknown>> {
  const loras = (state.settings.loras ?? {}) as Readonly<Record<string, string>>;
  const parent = loras[model.id] ?? null;
  return {
    id: model.id,
    object: 'model',
    created: 1_795_189_662,
    owned_by: 'vllm',
    root: `/models/${model.id}`,
    parent,
    max_model_len: parent === null ? (model.context ?? 32_768) : null,
    permission: [{ id: 'modelperm-1', object: 'model_permission', allow_sampling: true }],
  };
}

/** Refuses connections while it loads, and ends a failed stream with the end marker of a good one. */
export const vllmFake: Personality = {
  kind: 'vllm',
  headers: { Server: 'uvicorn' },
  refusesWhileLoading: true,
  answer(request, state) {
    if (pathOf(request).startsWith('/v1') && lacksKey(request, state)) return json(401, { error: 'Unauthorized' });
    const route = routeOf(request);
    if (route === 'GET /health') return empty(200);
    if (route === 'GET /version') return json(200, { version: state.version });
    if (route === 'GET /v1/models') {
      return json(200, { object: 'list', data: state.models.map((model) => entry(model, state)) });
    }
    if (!generatingRoutes.has(route)) return json(404, { detail: 'Not Found' });
    switch (requestFault(request, state)) {
      case 'malformed':
        return failure(400, 'Bad Request: JSON decode error', 'BadRequestError');
      case 'no-messages':
        return failure(400, "[{'type': 'missing', 'loc': ('body', 'messages')}]", 'BadRequestError');
      case 'unknown-model':
        return failure(404, 'The model does not exist.', 'NotFoundError');
      case 'no-model':
      case undefined:
        return (
          generate(request, state, { ...plainDialect, reasoningField: 'reasoning', fingerprint: 'vllm-0.11' }) ??
          json(404, { detail: 'Not Found' })
        );
    }
  },
  brokenTail: (message) => [
    dataEvent({ error: { message, type: 'InternalServerError', param: null, code: 500 } }),
    doneEvent,
  ],
};
