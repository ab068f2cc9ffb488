import { GatewayError } from '../core/errors.ts';
import type { Operation, ProtocolName } from '../core/model.ts';
import type { ResponseStore } from '../core/stored-responses.ts';
import type { TokenCounter } from '../gateway/token-count.ts';
import { encodeModel, encodeModels } from '../protocols/anthropic-messages/client/models.ts';
import type { EmbeddingInbound } from '../protocols/embedding.ts';
import { type Formats, formatKey } from '../protocols/formats.ts';
import { modelListToWire, modelToWire } from '../protocols/gemini/client/models.ts';
import type { InboundFormat } from '../protocols/protocol.ts';
import type { RerankInbound } from '../protocols/rerank/canonical.ts';
import { geminiCountPage, messagesCountPage } from './count-pages.ts';
import { type ModelListShape, type ModelsPageDeps, modelsPage } from './models-page.ts';
import { ollamaPages } from './ollama-pages.ts';
import { jsonPage, type PageHandler, textPage } from './pages.ts';
import { responsesPage } from './responses-pages.ts';
import type { Method, RouteRow } from './routes.ts';

export interface RowDeps extends Omit<ModelsPageDeps, 'shapes'> {
  readonly formats: Formats;
  readonly responses: ResponseStore;
  readonly counter: TokenCounter;
  /** Neither draining nor without any provider to use. */
  readonly isReady: () => boolean;
  readonly admin: {
    readonly status: () => unknown;
    readonly models: () => unknown;
    readonly route: (query: URLSearchParams) => unknown;
  };
}

const post: readonly Method[] = ['POST'];

const anthropicShape: ModelListShape = {
  isFor: (headers) => headers['anthropic-version'] !== undefined,
  list: encodeModels,
  one: encodeModel,
};

/** Google's client calls `/v1/models` too, and says who it is. */
const geminiShape: ModelListShape = {
  isFor: (headers) => headers['x-goog-api-key'] !== undefined || headers['x-goog-api-client'] !== undefined,
  list: modelListToWire,
  one: modelToWire,
};

/** Every path the router answers. */
export function routeRows(deps: RowDeps): readonly RouteRow[] {
  const models = modelsPage({ ...deps, shapes: [anthropicShape, geminiShape] });
  const geminiModels = modelsPage({ ...deps, shapes: [] }, geminiShape);
  const ollama = ollamaPages(deps);
  return [
    ...inferenceRows(deps.formats),
    page('/v1/models', models, 'key'),
    page('/v1/models/*', models, 'key'),
    page('/v1beta/models', geminiModels, 'key'),
    page('/v1beta/models/*', geminiModels, 'key'),
    ...postPages({
      '/v1/messages/count_tokens': messagesCountPage(deps.counter),
      '/v1beta/models/{model}:countTokens': geminiCountPage(deps.counter),
      '/v1/models/{model}:countTokens': geminiCountPage(deps.counter),
      '/api/show': ollama.show,
    }),
    page('/api/tags', ollama.tags, 'key'),
    page('/api/ps', ollama.ps, 'key'),
    page('/api/version', ollama.version, 'open'),
    {
      path: '/v1/responses/*',
      methods: ['GET', 'HEAD', 'DELETE'],
      route: { kind: 'page', page: responsesPage(deps.responses), access: 'key' },
    },
    page('/', () => textPage('Ollama is running'), 'open'),
    ...['/healthz', '/livez', '/health'].map((path) => page(path, () => jsonPage({ status: 'ok' }), 'open')),
    page(
      '/readyz',
      () => (deps.isReady() ? jsonPage({ status: 'ok' }) : jsonPage({ status: 'unavailable' }, 503)),
      'open',
    ),
    page('/admin/status', () => jsonPage(deps.admin.status()), 'admin'),
    page('/admin/models', () => jsonPage(deps.admin.models()), 'admin'),
    page('/admin/route', ({ query }) => jsonPage(deps.admin.route(query)), 'admin'),
  ];
}

function postPages(pages: Readonly<Record<string, PageHandler>>): readonly RouteRow[] {
  return Object.entries(pages).map(([path, handler]) => ({
    path,
    methods: post,
    route: { kind: 'page', page: handler, access: 'key' },
  }));
}

function page(path: string, handler: PageHandler, access: 'open' | 'key' | 'admin'): RouteRow {
  return { path, methods: ['GET', 'HEAD'], route: { kind: 'page', page: handler, access } };
}

interface InferencePath {
  readonly path: string;
  readonly protocol: ProtocolName;
  readonly operation: Operation;
  /** Clients of this protocol are used to sending bodies without a content type. */
  readonly takesAnyType?: boolean;
}

const inferencePaths: readonly InferencePath[] = [
  { path: '/v1/chat/completions', protocol: 'chat_completions', operation: 'chat' },
  { path: '/v1/completions', protocol: 'chat_completions', operation: 'completions' },
  { path: '/v1/embeddings', protocol: 'chat_completions', operation: 'embeddings' },
  { path: '/v1/rerank', protocol: 'chat_completions', operation: 'rerank' },
  { path: '/v1/responses', protocol: 'responses', operation: 'chat' },
  { path: '/v1/messages', protocol: 'messages', operation: 'chat' },
  { path: '/v1beta/models/{model}:generateContent', protocol: 'generate_content', operation: 'chat' },
  { path: '/v1beta/models/{model}:streamGenerateContent', protocol: 'generate_content', operation: 'chat' },
  { path: '/v1/models/{model}:generateContent', protocol: 'generate_content', operation: 'chat' },
  { path: '/v1/models/{model}:streamGenerateContent', protocol: 'generate_content', operation: 'chat' },
  { path: '/v1beta/models/{model}:embedContent', protocol: 'generate_content', operation: 'embeddings' },
  { path: '/v1beta/models/{model}:batchEmbedContents', protocol: 'generate_content', operation: 'embeddings' },
  { path: '/v1/models/{model}:embedContent', protocol: 'generate_content', operation: 'embeddings' },
  { path: '/v1/models/{model}:batchEmbedContents', protocol: 'generate_content', operation: 'embeddings' },
  { path: '/api/chat', protocol: 'ollama', operation: 'chat', takesAnyType: true },
  { path: '/api/generate', protocol: 'ollama', operation: 'completions', takesAnyType: true },
  { path: '/api/embed', protocol: 'ollama', operation: 'embeddings', takesAnyType: true },
  { path: '/api/embeddings', protocol: 'ollama', operation: 'embeddings', takesAnyType: true },
];

function inferenceRows(formats: Formats): readonly RouteRow[] {
  return inferencePaths.flatMap((row) => {
    const inbound = inboundOf(formats, row);
    if (inbound === undefined) return [];
    return [
      {
        path: row.path,
        methods: post,
        route: { kind: 'inference' as const, inbound, takesAnyType: row.takesAnyType === true },
      },
    ];
  });
}

function inboundOf(formats: Formats, row: InferencePath): InboundFormat | undefined {
  const key = formatKey(row);
  const generating = formats.inbounds.get(key);
  if (generating !== undefined) return generating;
  const query = formats.embeddings.inbounds.get(key) ?? formats.reranks.inbounds.get(key);
  return query === undefined ? undefined : withoutStream(query);
}

/** Queries never stream; what a stream would need is never asked of them. */
function withoutStream(inbound: EmbeddingInbound | RerankInbound): InboundFormat {
  return {
    id: inbound.id,
    facts: (body, route) => inbound.facts(body, route),
    framing: () => 'sse',
    keepAlive: () => {
      throw new GatewayError('internal', 'The router hit an internal error.', { detail: 'queries do not stream' });
    },
    errors: inbound.errors,
  };
}
