import { providerType } from '../catalogue/catalogue.ts';
import type { ServerFacts } from '../core/facts.ts';
import type { CheckResult } from './check.ts';
import type { Look, Survey } from './local-providers.ts';

/** Models named in one line; the rest is counted. */
const shownModels = 5;

/** Each server: on which loopback it answers, what it is, what it serves. */
export function checkLocalServers({ sites, ignored }: Survey): readonly CheckResult[] {
  const left = ignored.map(
    (message): CheckResult => ({ check: 'servers', subject: 'discovery', status: 'warn', message }),
  );
  const found = sites.flatMap(({ site, looks }) => siteResults(looks, site.declaredKind));
  const isAnyUp = sites.some(({ looks }) => looks.some(({ result }) => result.kind === 'server'));
  if (isAnyUp || found.some(({ status }) => status === 'fail')) return [...left, ...found];
  const message = 'no model server answers on this machine';
  const fix = 'start one (ollama serve), or set the key of a hosted provider';
  return [...left, ...found, { check: 'servers', subject: 'local servers', status: 'warn', message, fix }];
}

function siteResults(looks: readonly Look[], declaredKind: string | undefined): readonly CheckResult[] {
  const servers = looks.flatMap(({ result }) => (result.kind === 'server' ? [result.facts] : []));
  const [first, ...others] = servers;
  if (first !== undefined) return [serverResult(first, looks), ...differences(first, others)];
  if (declaredKind !== undefined) return [missing(looks, declaredKind)];
  const stranger = looks.find(({ result }) => result.kind === 'other');
  if (stranger !== undefined) {
    const message = 'something answers that is not a model server';
    return [{ check: 'servers', subject: placeOf(stranger), status: 'skip', message }];
  }
  const silent = looks.find(({ result }) => result.kind === 'nothing' && result.reason === 'silent');
  if (silent === undefined) return [];
  const message = 'takes connections but stays silent';
  const fix = 'is the process stopped or overloaded? restart it';
  return [{ check: 'servers', subject: placeOf(silent), status: 'warn', message, fix }];
}

function serverResult(facts: ServerFacts, looks: readonly Look[]): CheckResult {
  const label = labelOf(facts);
  const subject = `${label} on ${facts.origin.replace(/^https?:\/\//, '')}`;
  const quiet = looks.filter(({ result }) => result.kind === 'nothing').map(placeOf);
  const families = looks.length < 2 || quiet.length === 0 ? '' : ` (not on ${quiet.join(', ')})`;
  const common = { check: 'servers', subject } as const;
  switch (facts.state) {
    case 'ready':
      if (facts.models.length > 0) return { ...common, status: 'ok', message: `${modelsText(facts)}${families}` };
      return { ...common, status: 'warn', message: 'serves no model', fix: pullFix(facts) };
    case 'loading':
      return { ...common, status: 'warn', message: facts.detail ?? 'is loading', fix: 'wait until it has loaded' };
    case 'needs-key':
      return { ...common, status: 'fail', message: facts.detail ?? 'wants a key', fix: 'declare it with its api_key' };
    case 'down':
      return { ...common, status: 'fail', message: facts.detail ?? 'is down', fix: startFix(facts.kind) };
  }
}

function labelOf({ kind, version }: ServerFacts): string {
  const label = kind === 'openai' ? 'OpenAI-compatible server' : (providerType(kind)?.label ?? kind);
  return version === undefined ? label : `${label} ${version}`;
}

function modelsText({ models }: ServerFacts): string {
  const shown = models.slice(0, shownModels).map(({ id, context, isLoaded }) => {
    const facts = [
      context === undefined ? undefined : `context ${context.toLocaleString('en-US')}`,
      isLoaded === true ? 'loaded' : undefined,
    ].filter((fact) => fact !== undefined);
    return facts.length === 0 ? id : `${id} (${facts.join(', ')})`;
  });
  const rest = models.length - shown.length;
  const count = `${models.length} ${models.length === 1 ? 'model' : 'models'}`;
  return `${count}: ${shown.join(', ')}${rest > 0 ? `, and ${rest} more` : ''}`;
}

function pullFix({ kind }: ServerFacts): string {
  return kind === 'ollama' ? 'ollama pull llama3.2' : 'load a model into it';
}

/** What `localhost` reaches depends on the resolver when two programs share a port. */
function differences(first: ServerFacts, others: readonly ServerFacts[]): readonly CheckResult[] {
  return others
    .filter(({ kind }) => kind !== first.kind)
    .map((other) => ({
      check: 'servers',
      subject: other.origin.replace(/^https?:\/\//, ''),
      status: 'warn',
      message: `is ${labelOf(other)}, while ${first.origin} is ${labelOf(first)}: "localhost" may mean either`,
      fix: 'give one of them another port',
    }));
}

function missing(looks: readonly Look[], kind: string): CheckResult {
  const subject = looks.map(placeOf).join(' and ');
  const isOther = looks.some(({ result }) => result.kind === 'other');
  const message = isOther ? 'something else answers there' : 'nothing answers';
  return { check: 'servers', subject, status: 'fail', message, fix: startFix(kind) };
}

function startFix(kind: string): string {
  const command = providerType(kind)?.startCommand;
  return command === undefined ? 'start it, or correct its address' : `run \`${command}\`, or correct its address`;
}

function placeOf({ target }: Look): string {
  return target.origin.replace(/^https?:\/\//, '');
}
