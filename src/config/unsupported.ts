import type { Path } from './tree.ts';
import { matchesPattern } from './tree-pattern.ts';

/** A setting that readers of other documentation will try, and what to do instead. */
interface Unsupported {
  readonly setting: string;
  readonly hint: string;
}

const remove = 'remove it';
const perProvider = 'set it under providers.<id>.timeouts: connect, first_token, idle, total';
const byKind = 'set routing.default_strategy, or the strategy of a virtual model';

/** Settings that other routers' files have and that mean nothing here. None of them may be in the schema. */
export const unsupported: readonly Unsupported[] = [
  { setting: 'upstream', hint: perProvider },
  { setting: 'timeouts', hint: perProvider },
  { setting: 'database', hint: 'no database is needed; remove it' },
  { setting: 'registry', hint: 'the catalogue is part of the program; remove it' },
  {
    setting: 'inherit_defaults',
    hint: 'known providers always have their defaults; switch one off with active: false',
  },
  { setting: 'plugins', hint: remove },
  { setting: 'policy', hint: remove },
  { setting: 'policy_table', hint: remove },
  { setting: 'mcp', hint: remove },
  { setting: 'mcp_servers', hint: remove },
  { setting: 'server_tools', hint: remove },
  { setting: 'agents', hint: remove },
  { setting: 'eval', hint: remove },
  { setting: 'trajectory', hint: remove },
  { setting: 'continuation', hint: remove },
  { setting: 'server.control_socket', hint: 'commands find the running router by themselves; remove it' },
  { setting: 'providers.*.protocol_endpoints', hint: 'declare one provider for each base URL' },
  { setting: 'providers.*.derives', hint: 'use a YAML anchor and "<<" to share settings' },
  { setting: 'providers.*.accounts', hint: 'declare one provider for each account' },
  { setting: 'providers.*.account_strategy', hint: 'declare one provider for each account' },
  { setting: 'providers.*.class', hint: 'order providers with priority, lower first' },
  { setting: 'providers.*.tags', hint: 'name the providers in routing.only of a preset or variant' },
  { setting: 'providers.*.rate_limits', hint: 'limit requests in flight with max_concurrent' },
  { setting: 'providers.*.skip_tls', hint: 'certificates are always checked; add yours to the system store' },
  { setting: 'providers.*.rotation', hint: 'change the key in the file or its variable: it is reloaded' },
  { setting: 'providers.*.credentials_file', hint: 'set GOOGLE_APPLICATION_CREDENTIALS' },
  { setting: 'providers.*.aws_access_key_id', hint: 'set AWS_ACCESS_KEY_ID, or use a profile' },
  { setting: 'providers.*.aws_secret_access_key', hint: 'set AWS_SECRET_ACCESS_KEY, or use a profile' },
  { setting: 'providers.*.aws_session_token', hint: 'set AWS_SESSION_TOKEN, or use a profile' },
  { setting: 'providers.*.timeouts.pool_idle_secs', hint: 'idle connections are kept as long as the upstream allows' },
  { setting: 'providers.*.timeouts.tcp_keepalive_secs', hint: remove },
  { setting: 'providers.*.models[].rate_limits', hint: 'limit requests in flight with max_concurrent of the provider' },
  { setting: 'providers.*.models[].reasoning_effort', hint: 'list "reasoning" in capabilities' },
  { setting: 'providers.*.models[].compatibility', hint: 'set the type of the provider, which brings its quirks' },
  { setting: 'providers.*.models[].pricing.context_tiers', hint: 'give the base price only' },
  { setting: 'providers.*.pricing.context_tiers', hint: 'give the base price only' },
  { setting: 'models.*.pricing', hint: 'price the models of the providers' },
  { setting: 'presets.*.policy', hint: remove },
  { setting: 'presets.*.routing.sort', hint: byKind },
  { setting: 'presets.*.routing.require_tags', hint: 'name the providers in only' },
  { setting: 'variants.*.routing.sort', hint: byKind },
  { setting: 'variants.*.routing.require_tags', hint: 'name the providers in only' },
  { setting: 'model_map', hint: 'declare the name under models, with its endpoints' },
  { setting: 'model_database', hint: 'give context and pricing under providers.<id>.models' },
  { setting: 'cost_tracking', hint: 'give pricing under providers.<id>.models' },
  { setting: 'routing.targets', hint: 'declare the name under models, with its endpoints' },
  { setting: 'auth.keys[].key_type', hint: 'all keys are alike; remove it' },
  { setting: 'auth.keys[].credit_balance', hint: remove },
];

/** What to do instead of a setting that only other routers have; undefined when it is simply unknown. */
export function unsupportedHint(path: Path): string | undefined {
  return unsupported.find(({ setting }) => matchesPattern(setting, path))?.hint;
}
