import { generate, generatingRoutes, plainDialect, requestFault } from './openai-wire.ts';
import { type FakeState, lacksKey, type Personality, routeOf } from './personality.ts';
import { dataEvent, json, type Script } from './script.ts';

function failure(status: number, message: string, type: string, code: string | null = null): Script {
  return json(status, { error: { message, type, param: null, code } });
}

function listing(state: FakeState): Script {
  const data = state.models.map((model) => ({
    id: model.id,
    object: 'model',
    created: 1_686_935_002,
    owned_by: model.ownedBy ?? 'system',
  }));
  return json(200, { object: 'list', data });
}

/** A hosted, OpenAI-compatible provider: strict about keys and names. */
export const openaiFake: Personality = {
  kind: 'openai',
  headers: {},
  answer(request, state) {
    if (lacksKey(request, state)) {
      return failure(401, 'Incorrect API key provided.', 'invalid_request_error', 'invalid_api_key');
    }
    const route = routeOf(request);
    if (route === 'GET /v1/models') return listing(state);
    if (!generatingRoutes.has(route)) return failure(404, `Invalid URL (${route})`, 'invalid_request_error');
    switch (requestFault(request, state)) {
      case 'malformed':
        return failure(400, 'We could not parse the JSON body of your request.', 'invalid_request_error');
      case 'no-messages':
        return failure(400, "Missing required parameter: 'messages'.", 'invalid_request_error');
      case 'no-model':
        return failure(400, 'you must provide a model parameter', 'invalid_request_error');
      case 'unknown-model':
        return failure(404, 'The model does not exist.', 'invalid_request_error', 'model_not_found');
      case undefined:
        return generate(request, state, plainDialect) ?? failure(404, 'Invalid URL', 'invalid_request_error');
    }
  },
  brokenTail: (message) => [dataEvent({ error: { message, type: 'server_error', param: null, code: null } })],
};
