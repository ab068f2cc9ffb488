import { validateHeaderName, validateHeaderValue } from 'node:http';
import { type CheckContext, repeated } from './check-context.ts';
import type { IssueText } from './issues.ts';
import type { ProviderConfig } from './schema.ts';
import { keyMarkAt, markAt, nodeAt, type Path } from './tree.ts';

/** What the schema cannot see of the providers: addresses, names, credentials that no header can carry. */
export function checkProviders(context: CheckContext): void {
  for (const [id, provider] of Object.entries(context.config.providers)) {
    const path = ['providers', id];
    checkId(context, id, path);
    checkBases(context, provider, path);
    checkHasBase(context, id, provider);
    checkModels(context, provider, path);
    checkHeaders(context, provider, path);
    checkSettings(context, provider, path);
  }
}

function checkId({ tree, report }: CheckContext, id: string, path: Path): void {
  if (!/[:/@\s]/.test(id)) return;
  const message = 'a provider\'s name must not hold ":", "/", "@" or spaces';
  report(keyMarkAt(tree, path), path, { message, hint: 'models are asked for as name:model' });
}

function checkBases({ tree, report, knowledge }: CheckContext, provider: ProviderConfig, path: Path): void {
  if (provider.api_base !== undefined && provider.base_url !== undefined) {
    const at = [...path, 'base_url'];
    const message = '"api_base" and "base_url" both say where the server is';
    report(keyMarkAt(tree, at), at, {
      message,
      hint: "keep api_base for an exact base, base_url for the server's root",
    });
  }
  const bases: readonly (readonly [Path, string | undefined])[] = [
    [[...path, 'api_base'], provider.api_base],
    [[...path, 'base_url'], provider.base_url],
    ...(provider.models ?? []).map((model, index) => [[...path, 'models', index, 'base_url'], model.base_url] as const),
  ];
  for (const [at, base] of bases) {
    const problem = base === undefined ? undefined : baseProblem(base, knowledge.isForbiddenHost);
    if (problem !== undefined) report(markAt(tree, at), at, problem);
  }
}

function baseProblem(text: string, isForbidden: (hostname: string) => boolean): IssueText | undefined {
  const url = new URL(text);
  if (isForbidden(url.hostname)) {
    return {
      message: 'this is the metadata address of a cloud, which hands out credentials',
      hint: 'name a model server',
    };
  }
  if (url.username !== '' || url.password !== '' || /^[^/]*\/\/[^/]*@/.test(text)) {
    return { message: 'a credential in the URL is not sent', hint: 'put it under api_key or headers' };
  }
  // Also with nothing behind it, where the URL's own parts are empty.
  if (/[?#]/.test(text)) return { message: 'a base URL has no "?" or "#"', hint: 'keep the part before it' };
  if (url.port === '0') return { message: 'nothing can be reached at port 0', hint: "write the server's port" };
  if (url.hostname.includes('*'))
    return { message: 'a base URL names one host', hint: 'declare each server by itself' };
  const path = text.replace(/^[^/]*\/\/[^/]*/, '');
  if (!/^[\x21-\x7e]*$/.test(path)) {
    return { message: 'this holds characters that no URL can carry', hint: `write ${url.href}` };
  }
  const operation = /\/(chat\/completions|completions|embeddings|messages|responses|models)\/*$/.exec(url.pathname);
  if (operation === null) return undefined;
  return { message: `"${operation[0]}" is added to the base by the router`, hint: 'remove it from the end of the URL' };
}

function checkHasBase(context: CheckContext, id: string, provider: ProviderConfig): void {
  const { tree, written, report, knowledge } = context;
  if (!provider.active || provider.api_base !== undefined || provider.base_url !== undefined) return;
  const path = ['providers', id];
  // A base that was wrong is a problem of its own.
  if (['api_base', 'base_url'].some((key) => nodeAt(written, [...path, key]) !== undefined)) return;
  const type = provider.type ?? knowledge.canonicalType(id);
  if (type !== undefined && knowledge.hasBase(type)) return;
  const models = provider.models ?? [];
  if (models.length > 0 && models.every((model) => model.base_url !== undefined)) return;
  const message =
    type === undefined ? `"${id}" is not a known provider and has no address` : `${type} needs an address`;
  report(keyMarkAt(tree, path), path, { message, hint: 'add api_base or base_url' });
}

function checkModels({ tree, report }: CheckContext, provider: ProviderConfig, path: Path): void {
  if (provider.models === undefined) return;
  const list = [...path, 'models'];
  if (provider.models.length === 0) {
    const message = 'an empty list would serve nothing';
    report(markAt(tree, list), list, { message, hint: 'leave "models" out to ask the server' });
  }
  for (const index of repeated(provider.models.map((model) => model.id))) {
    report(markAt(tree, [...list, index]), [...list, index], { message: 'this model is listed twice' });
  }
}

function checkHeaders({ tree, report }: CheckContext, provider: ProviderConfig, path: Path): void {
  for (const [name, value] of Object.entries(provider.headers ?? {})) {
    const at = [...path, 'headers', name];
    if (!isValid(() => validateHeaderName(name))) {
      report(keyMarkAt(tree, at), at, { message: 'this is not a header name' });
    } else if (!isValid(() => validateHeaderValue(name, value))) {
      report(markAt(tree, at), at, { message: 'this holds characters that no header can carry' });
    }
  }
  const { api_key: key } = provider;
  if (key === undefined || isValid(() => validateHeaderValue('authorization', key))) return;
  const at = [...path, 'api_key'];
  report(markAt(tree, at), at, {
    message: 'this holds characters that no header can carry',
    hint: 'copy the key again',
  });
}

/** Settings that are never put into an address, and are base64. */
const credentialSettings: ReadonlySet<string> = new Set(['aws_secret_access_key', 'aws_session_token']);

/** Settings are put into addresses (`{region}`); a slash in one would lead the credential to another host. */
function checkSettings({ tree, report }: CheckContext, provider: ProviderConfig, path: Path): void {
  for (const [name, value] of Object.entries(provider.settings ?? {})) {
    if (/^[\w.:-]+$/.test(value)) continue;
    if (credentialSettings.has(name) && /^[\w+/=-]+$/.test(value)) continue;
    const at = [...path, 'settings', name];
    report(markAt(tree, at), at, { message: `"${name}" takes letters, digits and ". _ : -" only` });
  }
}

/** Node says by throwing whether a header may be sent; its message would show the value. */
function isValid(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}
