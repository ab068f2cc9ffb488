import type { Spelling } from './spelling.ts';
import {
  listOfOne,
  modelEntries,
  modelTypeWord,
  protocolList,
  protocolPatterns,
  scaled,
  strategyWord,
  typeWord,
  typeWords,
} from './spelling-values.ts';

const word = { type: 'string' };
const wordOrWords = { anyOf: [word, { type: 'array', items: word, minItems: 1 }] };
const anyProtocol = {
  anyOf: [
    ...wordOrWords.anyOf,
    { type: 'array', items: { type: 'object', additionalProperties: wordOrWords }, minItems: 1 },
    { type: 'object', additionalProperties: wordOrWords },
  ],
};

const provider = 'providers.*';
const providerModel = 'providers.*.models[]';
const endpoint = 'models.*.endpoints[]';

const settings: readonly Spelling[] = [
  ['api_version', 'api_version'],
  ['region', 'region'],
  ['aws_region', 'region'],
  ['profile', 'profile'],
  ['aws_profile', 'profile'],
  ['project', 'project'],
  ['project_id', 'project'],
  ['location', 'location'],
].map(([from = '', to = '']) => ({ at: provider, from, to: `settings.${to}`, schema: word }));

const pricing: readonly Spelling[] = [`${provider}.pricing`, `${providerModel}.pricing`].flatMap((at) => [
  // Millionths of a dollar a token are dollars a million tokens.
  { at, from: 'input_micro_usd_per_token', to: 'input' },
  { at, from: 'output_micro_usd_per_token', to: 'output' },
  { at, from: 'cache_read_micro_usd_per_token', to: 'cached_input' },
  { at, from: 'cache_write_micro_usd_per_token', to: 'cache_write' },
  { at, from: 'input_per_mtok', to: 'input' },
  { at, from: 'output_per_mtok', to: 'output' },
  { at, from: 'cached_input_per_mtok', to: 'cached_input' },
  { at, from: 'input_per_token', to: 'input', convert: scaled(1e6) },
  { at, from: 'output_per_token', to: 'output', convert: scaled(1e6) },
  { at, from: 'cached_input_per_token', to: 'cached_input', convert: scaled(1e6) },
]);

/**
 * Every foreign spelling the schema does not know, and what it means here. Applied in order, file by file, to the tree:
 * positions stay, so a problem still points at what the user wrote.
 */
export const spellings: readonly Spelling[] = [
  { at: '', from: 'server.log_level', to: 'logging.level' },
  // Known providers always have their catalogue's defaults here, so only `false` would ask for something.
  { at: '', from: 'inherit_defaults', to: 'inherit_defaults', only: [true], action: 'drop', schema: { const: true } },
  { at: 'discovery', from: 'servers', to: 'servers', convert: typeWords },

  // These two words name a vendor's whole way of talking, credentials and paths included, not just a format.
  { at: provider, from: 'api_format', to: 'type', only: ['azure', 'bedrock'], action: 'copy' },
  { at: provider, from: 'api_format', to: 'api_protocol', schema: word },
  { at: provider, from: 'api_protocol', to: 'api_protocol', convert: protocolPatterns, schema: anyProtocol },
  { at: provider, from: 'type', to: 'type', convert: typeWord },
  { at: provider, from: 'timeout', to: 'default_timeout' },
  { at: `${provider}.timeouts`, from: 'connect_secs', to: 'connect' },
  { at: `${provider}.timeouts`, from: 'read_secs', to: 'idle' },
  { at: `${provider}.timeouts`, from: 'total_secs', to: 'total' },
  { at: provider, from: 'enabled', to: 'active' },
  ...settings,
  { at: provider, from: 'models', to: 'models', convert: modelEntries, itemSchema: word },
  { at: providerModel, from: 'provider_model_id', to: 'upstream_id' },
  { at: providerModel, from: 'api_format', to: 'api_protocol', schema: word },
  { at: providerModel, from: 'api_protocol', to: 'api_protocol', convert: protocolList, schema: wordOrWords },
  { at: providerModel, from: 'type', to: 'type', convert: modelTypeWord, schema: word },
  { at: providerModel, from: 'context_length', to: 'context' },
  { at: providerModel, from: 'context_window', to: 'context' },
  { at: providerModel, from: 'api_base', to: 'base_url' },
  ...pricing,

  { at: endpoint, from: 'service_id', to: 'model' },
  { at: endpoint, from: 'model_id', to: 'model' },
  { at: 'models.*', from: 'strategy', to: 'strategy', convert: strategyWord, schema: word },
  { at: 'routing', from: 'default_strategy', to: 'default_strategy', convert: strategyWord, schema: word },
  { at: 'routing', from: 'strategy', to: 'default_strategy', convert: strategyWord, schema: word },
  { at: 'routing.mirror.rules[]', from: 'source_model', to: 'model' },
  { at: 'routing.mirror.rules[]', from: 'target_provider', to: 'target.provider' },
  { at: 'routing.mirror.rules[]', from: 'target_model', to: 'target.model' },
  { at: 'routing.mirror.rules[]', from: 'sample_rate', to: 'share' },
  { at: 'routing.mirror.rules[]', from: 'experiment_id', to: 'name' },
  { at: 'routing.fastest', from: 'max_concurrent', to: 'max' },
  { at: 'routing.conditional_routes[].action', from: 'model_override', to: 'model' },
  { at: 'routing.failover', from: 'failover_on', to: 'on_status_codes' },
  { at: 'auth.keys[]', from: 'models', to: 'models', convert: listOfOne, schema: wordOrWords },
];

/** Settings that are read before the schema and so are not in it. */
export const splitSettings = [
  { at: 'server', from: 'host', schema: { type: 'string', description: 'The address of `listen`' } },
  {
    at: 'server',
    from: 'port',
    schema: { type: 'integer', minimum: 0, maximum: 65_535, description: 'The port of `listen`' },
  },
] as const;

/** Of each group one setting rules: a later file that gives one of them puts the others of an earlier file aside. */
export const exclusive: readonly { readonly at: string; readonly keys: readonly string[] }[] = [
  { at: provider, keys: ['api_base', 'base_url'] },
];
