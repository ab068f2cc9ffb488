import { isUsable, type Offer, type Provider } from '../registry/snapshot.ts';
import { fallbackModel } from './fallback-models.ts';

/** What a first configuration is made from. */
export interface Starter {
  readonly servers: readonly Provider[];
  readonly hosted: readonly Provider[];
  /** Of the virtual model. */
  readonly name: string;
  /** What editors take the schema from. */
  readonly schema: string;
  /** Variable that holds the key of a hosted provider. */
  readonly keyVariable: (provider: Provider) => string;
}

export interface StarterEndpoint {
  readonly provider: string;
  readonly model: string;
}

/** Models named in a comment; more would only be a list to scroll past. */
const shownModels = 12;

/** The commented file. Loads as it is; without anything to call it has no virtual model. */
export function starterConfig(starter: Starter): string {
  const { servers, hosted, name, schema } = starter;
  const endpoints = starterEndpoints(starter);
  const blocks = [
    `# yaml-language-server: $schema=${schema}\n# Where requests go. \`router doctor\` checks this file, \`router route NAME\` explains a name.`,
    serverBlock,
    servers.length + hosted.length === 0 ? emptyProviders : providersBlock(starter),
    ...(endpoints.length === 0 ? [] : [modelsBlock(name, endpoints)]),
  ];
  return `${blocks.join('\n\n')}\n`;
}

/** Local first, hosted second: one model of each that chats. */
export function starterEndpoints({ servers, hosted }: Pick<Starter, 'servers' | 'hosted'>): readonly StarterEndpoint[] {
  const local = servers.flatMap((provider) => endpointOf(provider, chatModel(provider)?.model.id));
  return [...local, ...hosted.flatMap((provider) => endpointOf(provider, fallbackModel(provider)))];
}

function endpointOf(provider: Provider, model: string | undefined): readonly StarterEndpoint[] {
  return model === undefined || !isUsable(provider) ? [] : [{ provider: provider.id, model }];
}

/** A loaded one answers at once. Models that run elsewhere do not count as local. */
function chatModel(provider: Provider): Offer | undefined {
  const chats = provider.offers.filter(({ model }) => model.type === 'chat' && model.isLocal);
  const rest = provider.offers.filter(({ model }) => model.type === 'unknown' && model.isLocal);
  return chats.find(({ model }) => model.isLoaded === true) ?? chats[0] ?? rest[0];
}

const serverBlock = `server:
  listen: 127.0.0.1:4356
  # Requests are taken without a key. Only programs on this machine can reach the address.
  skip_auth: true`;

const emptyProviders = `# No model server and no key was found. Start one (\`ollama serve\`) and it is used at once, or declare it:
#
# providers:
#   ollama:
#     type: ollama
#     base_url: http://127.0.0.1:11434
#   openai:
#     api_key: \${OPENAI_API_KEY}`;

function providersBlock({ servers, hosted, keyVariable }: Starter): string {
  const local = servers.map(serverLines);
  const remote = hosted.map((provider) => hostedLines(provider, keyVariable(provider)));
  return ['providers:', ...[...local, ...remote].flat()].join('\n');
}

function serverLines(provider: Provider): readonly string[] {
  const { offers, endpoint } = provider;
  const shown = offers.slice(0, shownModels);
  const rest = offers.length - shown.length;
  return [
    `  ${text(provider.id)}:`,
    `    type: ${provider.type === 'openai' ? 'openai_compatible' : provider.type}`,
    `    api_base: ${text(endpoint.baseUrl)}`,
    ...(provider.state === 'needs-key' ? [`    api_key: \${${ownVariable(provider.id)}}`] : []),
    '    # It is asked for its models again and again, so they are not declared here.',
    '    auto_discover: true',
    ...(shown.length === 0 ? [] : ['    # Now it has', ...shown.map(modelLine)]),
    ...(rest > 0 ? [`    #   and ${rest} more: \`router models --provider ${provider.id}\``] : []),
  ];
}

function modelLine({ model }: Offer): string {
  const facts = [
    model.type === 'unknown' ? undefined : model.type,
    model.context === undefined ? undefined : `context ${model.context}`,
    model.isLocal ? undefined : 'runs elsewhere',
  ].filter((fact) => fact !== undefined);
  return `    #   ${JSON.stringify(model.id).slice(1, -1)}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`;
}

function hostedLines(provider: Provider, variable: string): readonly string[] {
  return [
    `  ${text(provider.id)}:`,
    `    type: ${provider.type}`,
    `    # ${provider.label}. The key stays in the environment, or in a .env file beside this one.`,
    `    api_key: \${${variable}}`,
  ];
}

function modelsBlock(name: string, endpoints: readonly StarterEndpoint[]): string {
  return [
    'models:',
    '  # One name for clients to ask for. Endpoints are tried in this order: local first, hosted second.',
    `  ${text(name)}:`,
    '    endpoints:',
    ...endpoints.flatMap(({ provider, model }) => [
      `      - provider: ${text(provider)}`,
      `        model: ${text(model)}`,
    ]),
  ].join('\n');
}

/** For a server that asks for a key of its own. */
function ownVariable(id: string): string {
  return `${id.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}_API_KEY`;
}

/** Plain where YAML reads it back as this very text, else quoted. */
function text(value: string): string {
  const isPlain = /^[A-Za-z][\w./:+-]*$/.test(value) && !value.endsWith(':');
  const isWord = /^(?:true|false|null|yes|no|on|off|y|n)$/i.test(value);
  return isPlain && !isWord ? value : JSON.stringify(value);
}
