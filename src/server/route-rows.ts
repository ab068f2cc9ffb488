import { GatewayError } from '../core/errors.ts';
import type { Operation, ProtocolName } from '../core/model.ts';
import type { ResponseStore } from '../core/stored-responses.ts';
import type { TokenCounter } from '../gateway/token-count.ts';
import { encodeModel, encodeModels } from '../protocols/anthropic-messages/client/models.ts';
import { errorRenderer as messagesErrors } from '../protocols/anthropic-messages/errors.ts';
import type { EmbeddingInbound } from '../protocols/embedding.ts';
import { type Formats, formatKey } from '../protocols/formats.ts';
import { modelListToWire, modelToWire } from '../protocols/gemini/client/models.ts';
import { errorRenderer as geminiErrors } from '../protocols/gemini/errors.ts';
import { errorRenderer as ollamaErrors } from '../protocols/ollama/errors.ts';
import { errorRenderer as openaiErrors } from '../protocols/openai/errors.ts';
import type { ErrorRenderer, InboundFormat } from '../protocols/protocol.ts';
import type { RerankInbound } from '../protocols/rerank/canonical.ts';
import { geminiCountPage, messagesCountPage } from './count-pages.ts';
import { type ModelListShape, type ModelsPageDeps, modelsPage } from './models-page.ts';
import { ollamaPages } from './ollama-pages.ts';
import { jsonPage, textPage } from './pages.ts';
import { responsesPage } from './responses-pages.ts';
import type { Method, Route, RouteRow, RouteTableInput } from './routes.ts';

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
const read: readonly Method[] = ['GET', 'HEAD'];

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

/** Where OpenAI's clients ask: below `/v1` or without it, or below the path of a gateway that its clients are set up for. */
function openaiPaths(tail: string): readonly string[] {
  return [`/v1${tail}`, `${gatewayBase}${tail}`];
}

const gatewayBase = '/api/v1/ai';

/** Every path the router answers, and whose errors are told where it answers nothing. */
export function routesOf(deps: RowDeps): RouteTableInput {
  return {
    rows: [
      ...inferenceRows(deps.formats),
      ...openaiRows(deps),
      ...anthropicRows(deps),
      ...geminiRows(deps),
      ...ollamaRows(deps),
      ...ownRows(deps),
    ],
    dialects: [
      { under: '/v1/messages', renderer: messagesErrors },
      { under: '/v1beta', renderer: geminiErrors },
      { under: '/api', renderer: ollamaErrors },
      { under: gatewayBase, renderer: openaiErrors },
    ],
    errors: openaiErrors,
  };
}

function openaiRows(deps: RowDeps): readonly RouteRow[] {
  const models = modelsPage({ ...deps, shapes: [anthropicShape, geminiShape] });
  const protocol = 'chat_completions';
  return [
    ...openaiPaths('/models').map((path) => page({ path, page: models, operation: 'models', protocol })),
    ...openaiPaths('/models/*').map((path) => page({ path, page: models, operation: 'model', protocol })),
    page({
      path: '/v1/responses/*',
      page: responsesPage(deps.responses),
      operation: 'stored_response',
      protocol: 'responses',
      methods: ['GET', 'HEAD', 'DELETE'],
    }),
  ];
}

function anthropicRows({ counter }: RowDeps): readonly RouteRow[] {
  const about = { operation: 'count_tokens', protocol: 'messages', methods: post, errors: messagesErrors } as const;
  return [page({ path: '/v1/messages/count_tokens', page: messagesCountPage(counter), ...about })];
}

/** Google's client calls `/v1` as well; there only the action tells its paths from OpenAI's. */
function geminiRows(deps: RowDeps): readonly RouteRow[] {
  const models = modelsPage({ ...deps, shapes: [] }, geminiShape);
  const count = geminiCountPage(deps.counter);
  const about = { protocol: 'generate_content', errors: geminiErrors } as const;
  const counts = { page: count, operation: 'count_tokens', methods: post, ...about };
  return [
    page({ path: '/v1beta/models', page: models, operation: 'models', ...about }),
    page({ path: '/v1beta/models/*', page: models, operation: 'model', ...about }),
    page({ path: '/v1beta/models/{model}:countTokens', ...counts }),
    page({ path: '/v1/models/{model}:countTokens', ...counts }),
  ];
}

function ollamaRows(deps: RowDeps): readonly RouteRow[] {
  const { show, tags, ps, version } = ollamaPages(deps);
  const about = { protocol: 'ollama', errors: ollamaErrors } as const;
  return [
    page({ path: '/api/show', page: show, operation: 'model', methods: post, ...about }),
    page({ path: '/api/tags', page: tags, operation: 'models', ...about }),
    page({ path: '/api/ps', page: ps, operation: 'models', ...about }),
    page({ path: '/api/version', page: version, operation: 'version', access: 'open', ...about }),
  ];
}

function ownRows({ admin, isReady }: RowDeps): readonly RouteRow[] {
  const health = { operation: 'health', access: 'open' } as const;
  const ofAdmin = { operation: 'admin', access: 'admin' } as const;
  const ready = () => (isReady() ? jsonPage({ status: 'ok' }) : jsonPage({ status: 'unavailable' }, 503));
  return [
    page({ path: '/', page: () => textPage('Ollama is running'), ...health }),
    ...['/healthz', '/livez', '/health'].map((path) =>
      page({ path, page: () => jsonPage({ status: 'ok' }), ...health }),
    ),
    page({ path: '/readyz', page: ready, ...health }),
    page({ path: '/admin/status', page: () => jsonPage(admin.status()), ...ofAdmin }),
    page({ path: '/admin/models', page: () => jsonPage(admin.models()), ...ofAdmin }),
    page({ path: '/admin/route', page: ({ query }) => jsonPage(admin.route(query)), ...ofAdmin }),
  ];
}

type PageRoute = Extract<Route, { readonly kind: 'page' }>;

interface PageInput extends Pick<PageRoute, 'page' | 'operation'>, Partial<Pick<PageRoute, 'access' | 'protocol'>> {
  readonly path: string;
  readonly methods?: readonly Method[];
  readonly errors?: ErrorRenderer;
}

function page({ path, methods = read, errors = openaiErrors, ...about }: PageInput): RouteRow {
  return { path, methods, errors, route: { kind: 'page', access: 'key', protocol: undefined, ...about } };
}

interface InferencePath {
  readonly path: string;
  readonly protocol: ProtocolName;
  readonly operation: Operation;
  /** Clients of this protocol are used to sending bodies without a content type. */
  readonly takesAnyType?: boolean;
}

function openai(tail: string, operation: Operation): readonly InferencePath[] {
  return openaiPaths(tail).map((path) => ({ path, protocol: 'chat_completions', operation }));
}

const inferencePaths: readonly InferencePath[] = [
  ...openai('/chat/completions', 'chat'),
  ...openai('/completions', 'completions'),
  ...openai('/embeddings', 'embeddings'),
  ...openai('/rerank', 'rerank'),
  ...openai('/audio/speech', 'speech'),
  ...openai('/audio/transcriptions', 'transcriptions'),
  ...openai('/audio/translations', 'translations'),
  ...openai('/images/generations', 'images'),
  ...openai('/generations/images', 'images'),
  ...openai('/images/edits', 'image_edits'),
  ...openai('/moderations', 'moderations'),
  { path: '/v1/responses', protocol: 'responses', operation: 'chat' },
  { path: `${gatewayBase}/responses`, protocol: 'responses', operation: 'chat' },
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
        errors: inbound.errors,
        route: { kind: 'inference' as const, inbound, takesAnyType: row.takesAnyType === true },
      },
    ];
  });
}

function inboundOf(formats: Formats, row: InferencePath): InboundFormat | undefined {
  const key = formatKey(row);
  const generating = formats.inbounds.get(key) ?? formats.media.get(key);
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
