import { isAuthOn } from '../config/check-auth.ts';
import type { LoadedConfig } from '../config/load.ts';
import { listModels } from '../registry/list.ts';
import type { Provider, Snapshot } from '../registry/snapshot.ts';
import type { Ui } from './report.ts';
import { table } from './ui/table.ts';

export interface BannerInput {
  readonly version: string;
  readonly url: string;
  readonly loaded: LoadedConfig;
  readonly snapshot: Snapshot;
}

/** What somebody who just started the router wants to know: where it is, what it found, how to call it. */
export function banner(ui: Ui, { version, url, loaded, snapshot }: BannerInput): string {
  const { paint } = ui;
  const config = loaded.paths.length === 0 ? 'none (zero config)' : loaded.paths.join(', ');
  const head = [
    `${paint.bold('router')} ${version}  ${paint.cyan(url)}`,
    `${paint.dim('config')}  ${config}`,
    ...loaded.warnings.map((issue) => `${paint.yellow('warning')}  ${issue.message}`),
  ];
  return [...head, '', ...providerLines(ui, snapshot), '', ...callLines(ui, url, loaded, snapshot)].join('\n');
}

function providerLines(ui: Ui, snapshot: Snapshot): readonly string[] {
  const providers = [...snapshot.providers.values()];
  if (providers.length === 0) return [ui.paint.dim('no providers yet')];
  const rows = providers.map((provider) => [
    `  ${provider.id}`,
    stateText(ui, provider),
    countText(provider),
    ui.paint.dim(provider.endpoint.baseUrl),
  ]);
  return [table(rows)];
}

function stateText({ paint }: Ui, { state, detail }: Provider): string {
  switch (state) {
    case 'ready':
      return paint.green('up');
    case 'unknown':
      return detail === undefined ? 'on' : paint.yellow(`on (${detail})`);
    case 'loading':
      return paint.yellow('loading');
    case 'down':
      return paint.red('down');
    case 'needs-key':
    case 'disabled':
      return paint.dim(`off (${detail ?? state})`);
  }
}

function countText({ offers, state }: Provider): string {
  if (state === 'unknown' && offers.length === 0) return '';
  return `${offers.length} ${offers.length === 1 ? 'model' : 'models'}`;
}

function callLines(ui: Ui, url: string, loaded: LoadedConfig, snapshot: Snapshot): readonly string[] {
  const model = exampleModel(snapshot);
  const base = `${ui.paint.dim('OpenAI base URL')}  ${url}/v1`;
  if (model === undefined) {
    return [base, 'no model to call yet: start a model server (`ollama serve`), set a provider key, or add --demo'];
  }
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] });
  const key = isAuthOn(loaded.config) ? ` -H 'authorization: Bearer YOUR_KEY'` : '';
  // Quotes in a name would end the shell's own.
  const quoted = body.replaceAll("'", `'\\''`);
  return [base, `  curl ${url}/v1/chat/completions${key} -H 'content-type: application/json' -d '${quoted}'`];
}

/** The default, else the first that chats. */
function exampleModel(snapshot: Snapshot): string | undefined {
  const models = listModels(snapshot);
  const chosen = snapshot.config.routing.default_model;
  const isListed = chosen !== undefined && models.some(({ id }) => id === chosen);
  if (isListed) return chosen;
  return models.find(({ type }) => type === 'chat' || type === 'unknown')?.id;
}
