import { GatewayError } from '../core/errors.ts';
import { asText } from '../protocols/fields.ts';
import { type PageModel, psPage, showPage, tagsPage, versionPage } from '../protocols/ollama/pages.ts';
import { findListed, type ListedModel, listModels } from '../registry/list.ts';
import type { Snapshot } from '../registry/snapshot.ts';
import { jsonPage, type PageHandler } from './pages.ts';

export interface OllamaPagesDeps {
  readonly snapshot: () => Snapshot;
  readonly ready: () => Promise<void> | undefined;
}

export interface OllamaPages {
  readonly tags: PageHandler;
  readonly ps: PageHandler;
  readonly show: PageHandler;
  readonly version: PageHandler;
}

/** What clients of Ollama ask before they chat, answered for all models, whatever server has them. */
export function ollamaPages(deps: OllamaPagesDeps): OllamaPages {
  const models = async (allowed: readonly string[] | undefined) => {
    await deps.ready();
    const snapshot = deps.snapshot();
    return listModels(snapshot, allowed).map((model) => pageModel(snapshot, model));
  };
  return {
    version: () => jsonPage(versionPage()),
    tags: async ({ key }) => jsonPage(tagsPage(await models(key?.models))),
    ps: async ({ key }) => jsonPage(psPage(await models(key?.models))),
    show: async ({ key, body }) => {
      const name = asText(body?.model) ?? asText(body?.name) ?? '';
      const all = await models(key?.models);
      const found = findListed(all, name);
      if (found === undefined) throw new GatewayError('model_not_found', `model '${name}' not found`);
      return jsonPage(showPage(found));
    },
  };
}

function pageModel(snapshot: Snapshot, listed: ListedModel): PageModel {
  const offer = snapshot.byId.get(listed.id)?.[0];
  return {
    id: listed.id,
    type: listed.type,
    context: listed.context,
    isLoaded: listed.isLoaded,
    created: listed.created,
    sizeBytes: offer?.model.sizeBytes,
    capabilities: offer?.model.capabilities,
    remoteHost: listed.isLocal || offer === undefined ? undefined : new URL(offer.endpoint.baseUrl).hostname,
  };
}
