import { constants, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { providerType } from '../../catalogue/catalogue.ts';
import { errorCode } from '../../config/files.ts';
import { jsonSchema } from '../../config/json-schema.ts';
import { stateDirectory } from '../../config/state-dir.ts';
import { createTrustStore } from '../../config/trust.ts';
import { firstSet } from '../../registry/endpoint.ts';
import { isUsable, type Provider } from '../../registry/snapshot.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { checkText, environmentBeside, zeroConfig } from '../load.ts';
import { terminalPrompts } from '../prompts.ts';
import { CommandError, type Report, type Ui } from '../report.ts';
import { type Starter, starterConfig, starterEndpoints } from '../starter-config.ts';
import { type Template, templates } from '../templates.ts';
import { startTemporaryApp } from '../temporary-app.ts';
import { withSpinner } from '../ui/spinner.ts';

export interface InitOptions {
  readonly yes?: boolean | undefined;
  readonly force?: boolean | undefined;
  readonly print?: boolean | undefined;
  readonly template?: string | undefined;
}

/** What is to be written where, and what there is to say about it. */
interface Draft {
  readonly path: string;
  readonly text: string;
  readonly isConfig: boolean;
  readonly template: string | null;
  readonly providers: readonly string[];
  /** Name of the virtual model; null when there was nothing to call. */
  readonly defaultModel: string | null;
}

/** Writes a first configuration from what is found here, or a template. */
export async function init(context: Context, options: InitOptions): Promise<Report> {
  const template = options.template === undefined ? undefined : templateOf(options.template);
  const path = outputPath(context, template?.file ?? 'router.yaml');
  if (options.print !== true && options.force !== true) refuseExisting(path);
  const draft =
    template === undefined ? await probedDraft(context, path, options) : templateDraft(context, path, template);
  if (draft.isConfig) checkText(context, path, draft.text);
  return options.print === true ? printed(draft) : written(context, draft);
}

function templateOf(name: string): Template {
  const found = templates.find((template) => template.name === name);
  if (found !== undefined) return found;
  throw new CommandError('usage', `there is no template "${name}"`, {
    hint: `there are ${templates.map((template) => template.name).join(', ')}`,
    exitCode: exitCodes.usage,
  });
}

function outputPath({ options, cwd }: Context, name: string): string {
  if (options.config.length > 1) {
    throw new CommandError('usage', 'init writes one file: give -c once', { exitCode: exitCodes.usage });
  }
  return resolve(cwd, options.config[0] ?? name);
}

function refuseExisting(path: string): void {
  if (!existsSync(path)) return;
  throw new CommandError('file_exists', `${path} exists already`, {
    hint: '--force replaces it and keeps a .bak, --print shows what would be written',
  });
}

function schemaPath(context: Context): string {
  return join(stateDirectory(context), 'router.schema.json');
}

function templateDraft(context: Context, path: string, { name, isConfig, text }: Template): Draft {
  const withSchema = text.replace(/(?<=\$schema=)\S+/, schemaPath(context));
  const defaultModel = /^ {2}default:/m.test(text) ? 'default' : null;
  return { path, text: withSchema, isConfig, template: name, providers: [], defaultModel };
}

async function probedDraft(context: Context, path: string, options: InitOptions): Promise<Draft> {
  const { environment } = environmentBeside(context, path);
  const loaded = { ...zeroConfig(context), environment };
  const app = await withSpinner(context, 'looking for model servers', () => startTemporaryApp(context, loaded));
  const providers = [...app.snapshot().providers.values()].filter(({ state }) => state !== 'down');
  await app.destroy();
  const found = {
    servers: providers.filter(({ origin }) => origin === 'discovered'),
    hosted: providers.filter((provider) => provider.origin === 'environment' && isUsable(provider)),
  };
  const isAsked = options.yes !== true && context.isInteractive;
  const chosen = isAsked ? await ask(found) : { ...found, name: 'default' };
  const keyVariable = ({ type }: Provider) => firstVariable(type, environment);
  const text = starterConfig({ ...chosen, schema: schemaPath(context), keyVariable });
  return {
    path,
    text,
    isConfig: true,
    template: null,
    providers: [...chosen.servers, ...chosen.hosted].map(({ id }) => id),
    defaultModel: starterEndpoints(chosen).length === 0 ? null : chosen.name,
  };
}

function firstVariable(type: string, environment: Context['environment']): string {
  const variables = providerType(type)?.keyVariables ?? [];
  return variables.find((name) => firstSet([name], environment) !== undefined) ?? variables[0] ?? 'API_KEY';
}

type Found = Pick<Starter, 'servers' | 'hosted'>;

async function ask(found: Found): Promise<Found & Pick<Starter, 'name'>> {
  const prompts = await terminalPrompts();
  const pick = async (message: string, providers: readonly Provider[]) => {
    if (providers.length === 0) return providers;
    const choices = providers.map(({ id, label, endpoint }) => ({
      value: id,
      label: `${label} (${id})`,
      hint: endpoint.baseUrl,
    }));
    const ids = await prompts.many(message, choices);
    return providers.filter(({ id }) => ids.includes(id));
  };
  const servers = await pick('Which local servers?', found.servers);
  const hosted = await pick('Which hosted providers, for when those do not answer?', found.hosted);
  const name = await prompts.text('Name of the model that clients ask for?', 'default');
  return { servers, hosted, name: name.trim() === '' ? 'default' : name.trim() };
}

function printed({ text, template }: Draft): Report {
  return { json: { template, text }, human: () => text.trimEnd(), exitCode: exitCodes.ok };
}

function written(context: Context, draft: Draft): Report {
  const backup = existsSync(draft.path) ? freeBackup(draft.path) : null;
  try {
    mkdirSync(dirname(draft.path), { recursive: true });
    if (backup !== null) copyFileSync(draft.path, backup, constants.COPYFILE_EXCL);
    writeFileSync(draft.path, draft.text);
  } catch (thrown) {
    throw new CommandError('not_written', `${draft.path} cannot be written (${errorCode(thrown) ?? String(thrown)})`);
  }
  const isRemembered = draft.isConfig && remember(context, draft.path);
  const { path, template, providers, defaultModel } = draft;
  return {
    json: { path, backup, template, providers, default_model: defaultModel, trusted: isRemembered },
    human: (ui) => writtenText(ui, { draft, backup, serve: serveCommand(context) }),
    exitCode: exitCodes.ok,
  };
}

/** `.bak`, `.bak.1`, …: an earlier backup may be the only copy of what somebody wrote by hand. */
function freeBackup(path: string): string {
  const first = `${path}.bak`;
  let name = first;
  for (let number = 1; existsSync(name); number += 1) name = `${first}.${number}`;
  return name;
}

/** Trust, and the schema for editors. The configuration works without either. */
function remember(context: Context, path: string): boolean {
  const { redirections } = environmentBeside(context, path);
  if (redirections.length > 0) {
    const names = redirections.join(' and ');
    context.stderr.write(
      `warning: ${names} in the .env here says where your keys go; if it is yours, say \`router trust\`\n`,
    );
    return false;
  }
  try {
    createTrustStore(stateDirectory(context)).trust(path);
    writeFileSync(schemaPath(context), `${JSON.stringify(jsonSchema(), undefined, 2)}\n`);
    return true;
  } catch (thrown) {
    const reason = errorCode(thrown) ?? String(thrown);
    context.stderr.write(
      `warning: ${stateDirectory(context)} cannot be written (${reason}); the file is not trusted yet\n`,
    );
    return false;
  }
}

/** With the same `-c`, since the file is not looked for elsewhere. Quoted for a shell where it has to be. */
function serveCommand({ options }: Context): string {
  const [path] = options.config;
  if (path === undefined) return 'router serve';
  return `router serve -c ${/^[\w./~@%+:-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`}`;
}

interface Written {
  readonly draft: Draft;
  readonly backup: string | null;
  /** The command that uses the file. */
  readonly serve: string;
}

function writtenText({ paint }: Ui, { draft, backup, serve }: Written): string {
  const found = draft.providers.length === 0 ? [] : [`providers: ${draft.providers.join(', ')}`];
  const isEmpty = draft.template === null && draft.providers.length === 0;
  const named = draft.defaultModel === null ? [] : [`clients can ask for ${paint.bold(draft.defaultModel)}`];
  return [
    `${paint.green('wrote')} ${draft.path}`,
    ...(backup === null ? [] : [`the old file is ${backup}`]),
    ...found,
    ...(isEmpty ? ['no model server and no key was found; both can come later'] : []),
    ...named,
    ...(draft.isConfig ? [`next: ${paint.cyan(serve)}`] : []),
  ].join('\n');
}
