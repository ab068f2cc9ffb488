import { GatewayError } from '../core/errors.ts';
import type { ResponseStore, StoredResponse } from '../core/stored-responses.ts';
import { deletedBody } from '../protocols/openai-responses/history.ts';
import { jsonPage, type PageHandler } from './pages.ts';

const inputItems = '/input_items';

/** `GET /v1/responses/{id}`, its `/input_items`, and `DELETE`: what this router keeps of its answers. */
export function responsesPage(store: ResponseStore): PageHandler {
  return async ({ method, rest = '', key }) => {
    const owner = key?.name ?? '';
    if (method === 'DELETE') {
      if (!(await store.delete(owner, rest))) throw unknown(rest);
      return jsonPage(deletedBody(rest));
    }
    if (rest.endsWith(inputItems)) return jsonPage(listOf(await find(store, owner, rest.slice(0, -inputItems.length))));
    return jsonPage((await find(store, owner, rest)).response);
  };
}

async function find(store: ResponseStore, owner: string, id: string): Promise<StoredResponse> {
  const found = await store.get(owner, id);
  if (found === undefined) throw unknown(id);
  return found;
}

function listOf({ input }: StoredResponse): unknown {
  const id = (item: unknown) => (item as { readonly id?: string }).id ?? null;
  return {
    object: 'list',
    data: input,
    first_id: id(input[0] ?? {}),
    last_id: id(input.at(-1) ?? {}),
    has_more: false,
  };
}

function unknown(id: string): GatewayError {
  return new GatewayError('not_found', `Response with id '${id}' not found.`, {
    hint: 'answers are kept for an hour, and not at all with store: false',
  });
}
