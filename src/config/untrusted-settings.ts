import type { Report } from './issues.ts';
import { isLoopbackHost, parseListen } from './listen.ts';
import { configSchema } from './schema.ts';
import { schemaAt } from './schema-keys.ts';
import { type ConfigNode, eachScalar, formatPath, keyMarkAt, type Path, type ScalarNode } from './tree.ts';
import { matchesPattern, patternSteps } from './tree-pattern.ts';

/**
 * All that a file may set before it is trusted: what it declares by itself, and how to choose among that. Everything
 * else opens something of the user's, and what is not thought of here is taken to.
 */
const free: readonly string[] = [
  'server.skip_auth',
  'server.read_timeout',
  'server.body_timeout',
  'server.write_timeout',
  'server.idle_timeout',
  'server.shutdown_timeout',
  'server.default_request_timeout',
  'server.max_request_body_size',
  'server.max_held_memory',
  'server.max_stored_responses',
  'server.keepalive_after',
  'discovery.enabled',
  'discovery.interval',
  'discovery.servers',
  'discovery.hosts',
  'providers.*.type',
  'providers.*.api_base',
  'providers.*.base_url',
  'providers.*.api_key',
  'providers.*.api_protocol',
  'providers.*.models',
  'providers.*.auto_discover',
  'providers.*.default_model',
  'providers.*.pricing',
  'providers.*.headers',
  'providers.*.organization',
  'providers.*.timeouts',
  'providers.*.default_timeout',
  'providers.*.max_concurrent',
  'providers.*.queue',
  'providers.*.conn_pool_size',
  'providers.*.weight',
  'providers.*.priority',
  'providers.*.active',
  'providers.*.settings.api_version',
  'providers.*.settings.region',
  'providers.*.settings.project',
  'providers.*.settings.location',
  'models',
  'presets',
  'variants',
  'routing.default_strategy',
  'routing.default_model',
  'routing.circuit_breaker',
  'routing.sticky',
  'routing.conditional_routes',
  'routing.fastest',
  'routing.complexity',
  'routing.failover',
  'routing.retry',
  'rate_limiting',
  'cache',
  'logging.level',
  'logging.format',
];

/** Settings that open something, at the one value that does not. */
const closed: readonly { readonly setting: string; readonly value: boolean }[] = [
  { setting: 'server.insecure', value: false },
  { setting: 'auth.enabled', value: false },
  // `true` would let what a client wants kept at home go to whatever host this is.
  { setting: 'providers.*.local', value: false },
];

/** Flags and variables: said by the user, and not by a file. */
const isOfFile = ({ mark }: ScalarNode) => mark.line > 0;

/** Reports the settings that only a trusted file may have, each once. */
export function reportUntrustedSettings(tree: ConfigNode, report: Report, hint: string): void {
  eachScalar(tree, (node, path) => {
    if (node.value === null || !isOfFile(node) || mayBeSet(path, node)) return;
    const setting = settingOf(path);
    // What is unknown is told as that.
    if (schemaAt(configSchema, setting) === undefined) return;
    if (matchesPattern('server.listen', setting)) {
      const message = 'only a trusted file may listen beyond this machine';
      report(node.mark, setting, { message, hint: `listen on 127.0.0.1; ${hint}` });
      return;
    }
    report(keyMarkAt(tree, setting), setting, { message: `only a trusted file may set ${formatPath(setting)}`, hint });
  });
}

function mayBeSet(path: Path, node: ScalarNode): boolean {
  if (matchesPattern('server.listen', path)) {
    const host = parseListen(String(node.value))?.host;
    // What cannot be read is a problem of its own, and is not listened on.
    return host === undefined || isLoopbackHost(host);
  }
  if (closed.some(({ setting, value }) => matchesPattern(setting, path) && node.value === value)) return true;
  return free.some((pattern) => matchesPattern(pattern, path.slice(0, patternSteps(pattern).length)));
}

/** What a person would call the setting: `auth.keys`, and not each field of each key. */
function settingOf(path: Path): Path {
  if (path[0] !== 'providers') return path.slice(0, 2);
  return path.slice(0, path[2] === 'settings' ? 4 : 3);
}
