import { type AdminProvider, type AdminStatus, describeProvider } from '../admin/api.ts';
import { isAuthOn } from '../config/check-auth.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { LocalOnly } from '../config/schema.ts';
import { stateDirectory } from '../config/state-dir.ts';
import type { ProtocolName } from '../core/model.ts';
import { connectUrl } from '../doctor/connect-url.ts';
import { httpGet } from '../doctor/http-get.ts';
import type { Explanation } from '../gateway/explain.ts';
import { type ListedModel, listModels } from '../registry/list.ts';
import type { Context } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { loadFor, readRunning } from './load.ts';
import { CommandError } from './report.ts';
import { type RunFile, readRunFiles } from './run-file.ts';
import { startTemporaryApp } from './temporary-app.ts';

export interface RouteQuestion {
  readonly model: string;
  readonly protocol: ProtocolName;
  /** Prompt tokens of the imagined request. */
  readonly tokens: number | undefined;
  readonly localOnly: LocalOnly;
}

export interface ModelListing {
  readonly models: readonly ListedModel[];
  readonly providers: readonly AdminProvider[];
}

/** Where a request can be sent for real. */
export interface Target {
  readonly url: string;
  /** A client's key, where the router wants one. */
  readonly key: string | undefined;
}

/** The router that a command asks: the running one, or its parts in this process. */
export interface RouterLink {
  readonly via: 'live' | 'config' | 'zero-config';
  /** For people: what was asked. */
  readonly about: string;
  /** Something about the running router that its user should know. */
  readonly notice: string | undefined;
  models(): Promise<ModelListing>;
  explain(question: RouteQuestion): Promise<Explanation>;
  target(): Promise<Target>;
  close(): Promise<void>;
}

const askMs = 5_000;
const aliveMs = 1_000;

export async function openRouter(context: Context): Promise<RouterLink> {
  const loaded = loadFor(context, {});
  const running = await runningRouter(context, loaded);
  return running === undefined ? embeddedLink(context, loaded) : liveLink(context, running.run, running.status);
}

/**
 * The running router that this command line is about: with `-c` only one of that very configuration; else one of the
 * configuration found here, or else the one that started last.
 */
async function runningRouter(context: Context, loaded: LoadedConfig): Promise<Running | undefined> {
  const hasSameConfig = (run: RunFile) => run.config.join('\0') === loaded.paths.join('\0');
  const all = readRunFiles(stateDirectory(context));
  const wanted = loaded.foundBy === 'explicit' ? all.filter(hasSameConfig) : all;
  const ordered = wanted.toSorted((one, other) => Number(hasSameConfig(other)) - Number(hasSameConfig(one)));
  for (const run of ordered) {
    const status = await statusOf(run);
    if (status !== undefined) return { run, status };
  }
  return undefined;
}

interface Running {
  readonly run: RunFile;
  readonly status: AdminStatus;
}

/** Undefined where it does not answer: a process number may have been given to another program since. */
async function statusOf(run: RunFile): Promise<AdminStatus | undefined> {
  try {
    const { status, body } = await askAdmin(run, '/admin/status', aliveMs);
    return status === 200 ? (JSON.parse(body) as AdminStatus) : undefined;
  } catch {
    return undefined;
  }
}

function askAdmin(run: RunFile, path: string, timeoutMs: number) {
  return httpGet(run.url + path, { headers: { authorization: `Bearer ${run.admin_token}` }, timeoutMs });
}

function liveLink(context: Context, run: RunFile, status: AdminStatus): RouterLink {
  return {
    via: 'live',
    about: `the running router at ${run.url}`,
    notice: noticeOf(run, status),
    models: () => adminJson<ModelListing>(run, '/admin/models'),
    explain: (question) => adminJson<Explanation>(run, `/admin/route?${routeQuery(question)}`),
    target: async () => ({ url: run.url, key: keyOf(configOf(context, run)) }),
    close: async () => undefined,
  };
}

/** A router that was started before an update may not tell. */
function noticeOf({ url }: RunFile, { log }: Partial<AdminStatus>): string | undefined {
  if (log === undefined || log.lost_lines === 0) return undefined;
  return `the running router at ${url} has lost log lines (${log.lost_lines}): ${log.reason}`;
}

/** What it answers is made by this same program, so its shape is taken as given. */
async function adminJson<T>(run: RunFile, path: string): Promise<T> {
  try {
    const { status, body } = await askAdmin(run, path, askMs);
    if (status === 200) return JSON.parse(body) as T;
    throw new CommandError('router_refused', `the running router at ${run.url} answered ${status}`);
  } catch (thrown) {
    if (thrown instanceof CommandError) throw thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new CommandError('router_unreachable', `the running router at ${run.url} does not answer: ${reason}`, {
      hint: 'is it draining? try again in a moment',
      exitCode: exitCodes.unreachable,
    });
  }
}

function routeQuery({ model, protocol, tokens, localOnly }: RouteQuestion): URLSearchParams {
  const query = new URLSearchParams({ model, protocol, local_only: String(localOnly) });
  if (tokens !== undefined) query.set('tokens', String(tokens));
  return query;
}

/** The running router's own configuration: this command may have been started elsewhere. */
function configOf(context: Context, run: RunFile): LoadedConfig {
  const explicit = { ...context, options: { ...context.options, config: run.config } };
  return readRunning(run.config.length === 0 ? context : explicit);
}

function keyOf({ config }: LoadedConfig): string | undefined {
  return isAuthOn(config) ? config.auth.keys[0]?.key : undefined;
}

async function embeddedLink(context: Context, loaded: LoadedConfig): Promise<RouterLink> {
  // Only heard by this command, so whatever else listens on the configured port is left alone.
  const own = loadFor(context, { listen: '127.0.0.1:0' });
  const app = await startTemporaryApp(context, own);
  const via = loaded.paths.length === 0 ? 'zero-config' : 'config';
  return {
    via,
    notice: undefined,
    about: via === 'config' ? `${loaded.paths.join(', ')}, with fresh probes` : 'fresh probes, without a configuration',
    models: async () => ({
      models: listModels(app.snapshot()),
      providers: [...app.snapshot().providers.values()].map(describeProvider),
    }),
    explain: async (question) => app.explain({ ...question, operation: 'chat', lock: undefined }),
    async target() {
      const { host, port } = await app.listen();
      return { url: connectUrl(host, port), key: keyOf(own) };
    },
    // By now nothing is under way: this only lets go of the sockets.
    close: () => app.close(),
  };
}
