import type { AdminModel, AdminProvider } from '../../admin/api.ts';
import { didYouMean } from '../../config/near.ts';
import type { ListedModel } from '../../registry/list.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { CommandError, type Report, type Ui } from '../report.ts';
import { type ModelListing, openRouter } from '../router-link.ts';
import { withSpinner } from '../ui/spinner.ts';
import { table } from '../ui/table.ts';
import { countText, priceText, sizeText } from '../ui/text.ts';

export interface ModelsOptions {
  readonly provider?: string | undefined;
  readonly local?: boolean | undefined;
  readonly hosted?: boolean | undefined;
}

/** One line of the list. */
interface Row {
  readonly id: string;
  readonly providers: readonly string[];
  readonly type: string;
  readonly context: number | null;
  readonly loaded: boolean | null;
  readonly size_bytes: number | null;
  readonly pricing: AdminModel['pricing'];
  readonly local: boolean;
  readonly virtual: boolean;
  readonly state: string;
}

/** Lists what can be called. An empty list is not a failure. */
export async function models(context: Context, options: ModelsOptions): Promise<Report> {
  if (options.local === true && options.hosted === true) {
    throw new CommandError('usage', '--local and --hosted exclude each other', { exitCode: exitCodes.usage });
  }
  const link = await withSpinner(context, 'looking for models', () => openRouter(context));
  try {
    const listing = await link.models();
    checkProvider(listing, options.provider);
    if (link.notice !== undefined) context.stderr.write(`${context.stderr.paint.yellow('warning')}: ${link.notice}\n`);
    const rows = listing.models.map((model) => rowOf(model, listing.providers)).filter((row) => isWanted(row, options));
    return {
      json: { resolved_via: link.via, models: rows },
      human: (ui) => (rows.length === 0 ? emptyText(listing) : listText(ui, rows)),
      exitCode: exitCodes.ok,
    };
  } finally {
    await link.close();
  }
}

function checkProvider({ providers }: ModelListing, wanted: string | undefined): void {
  const ids = providers.map(({ id }) => id);
  if (wanted === undefined || ids.includes(wanted)) return;
  const known = ids.length === 0 ? 'there are none' : `there are ${ids.join(', ')}`;
  throw new CommandError('unknown_provider', `there is no provider "${wanted}"`, {
    hint: didYouMean(wanted, ids) ?? known,
  });
}

function rowOf(listed: ListedModel, providers: readonly AdminProvider[]): Row {
  const serving = providers.filter(({ id }) => listed.providers.includes(id));
  const found = listed.isVirtual ? [] : serving.flatMap((one) => one.models.filter(({ id }) => id === listed.id));
  const known = <T>(pick: (model: AdminModel) => T | null): T | null => {
    return found.map(pick).find((value) => value !== null) ?? null;
  };
  return {
    id: listed.id,
    providers: listed.providers,
    type: listed.type,
    context: listed.context ?? null,
    loaded: listed.isLoaded ?? null,
    size_bytes: known((model) => model.size_bytes),
    pricing: known((model) => model.pricing),
    local: listed.isLocal,
    virtual: listed.isVirtual,
    state: stateOf(serving),
  };
}

/** The best that any of its providers can say. */
function stateOf(serving: readonly AdminProvider[]): string {
  const states = serving.map(({ state }) => state);
  const best = (['ready', 'unknown', 'loading', 'down'] as const).find((state) => states.includes(state));
  if (best === 'ready') return 'up';
  // A hosted provider that was not asked for its models is tried all the same.
  return best === 'unknown' ? 'on' : (best ?? 'off');
}

function isWanted(row: Row, { provider, local, hosted }: ModelsOptions): boolean {
  if (provider !== undefined && !row.providers.includes(provider)) return false;
  if (local === true) return row.local;
  return hosted === true ? !row.local : true;
}

function listText(ui: Ui, rows: readonly Row[]): string {
  const { paint } = ui;
  const head = ['MODEL', 'PROVIDERS', 'TYPE', 'CONTEXT', 'LOADED', 'SIZE', 'PRICE', 'STATE'].map((name) =>
    paint.dim(name),
  );
  const lines = rows.map((row) => [
    row.virtual ? paint.cyan(row.id) : row.id,
    row.providers.join(', '),
    row.virtual ? `${row.type} (virtual)` : row.type,
    countText(row.context),
    row.loaded === null ? '-' : row.loaded ? 'yes' : 'no',
    sizeText(row.size_bytes),
    row.virtual ? '-' : priceText(row.pricing, row.local),
    row.state === 'up' || row.state === 'on' ? paint.green(row.state) : paint.yellow(row.state),
  ]);
  return table([head, ...lines]);
}

function emptyText({ providers }: ModelListing): string {
  if (providers.length > 0) return 'no models';
  return 'no models: start a model server (`ollama serve`) or set a provider key; `router doctor` tells more';
}
