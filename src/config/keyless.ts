import type { Report } from './issues.ts';
import type { Config } from './schema.ts';
import { type ConfigNode, type MapNode, nodeAt, replaceAt } from './tree.ts';
import { changeMaps } from './tree-pattern.ts';

/** A provider that has no key, because the variable that would bring it has no value, or not for this file. */
export interface DisabledProvider {
  readonly id: string;
  readonly variable: string;
  /** The user has the variable, and the file is not trusted with it. */
  readonly isWithheld?: boolean | undefined;
}

/** Why it is off, for people. */
export function disabledReason({ variable, isWithheld }: DisabledProvider): string {
  return isWithheld === true ? `${variable} is held back until \`router trust\`` : `${variable} is not set`;
}

export interface WithoutKeys {
  readonly tree: ConfigNode;
  readonly disabled: readonly DisabledProvider[];
}

/** Takes out the keys that have no value, after merging: a later file may have brought one. */
export function disableKeyless(tree: MapNode, report: Report): WithoutKeys {
  const disabled: DisabledProvider[] = [];
  const changed = changeMaps(tree, ['providers', '*'], (provider, path) => {
    const key = provider.entries.get('api_key')?.value;
    const variable = key?.kind === 'scalar' ? key.reference?.unset : undefined;
    if (key === undefined || variable === undefined) return provider;
    const id = String(path[1]);
    const isSwitchedOff = readBoolean(provider, 'active') === false;
    const isWithheld = key.kind === 'scalar' && key.reference?.withheld?.includes(variable) === true;
    if (!isSwitchedOff) disabled.push({ id, variable, ...(isWithheld && { isWithheld }) });
    // What is held back has been told.
    if (!isSwitchedOff && !isWithheld) {
      report(key.mark, [...path, 'api_key'], {
        message: `provider "${id}" is disabled: ${variable} is not set`,
        hint: `set ${variable}, or put it in a .env file beside this one`,
        severity: 'warning',
      });
    }
    const rest = replaceAt(provider, ['api_key'], undefined);
    return rest.kind === 'map' ? rest : provider;
  });
  return { tree: changed, disabled };
}

function readBoolean(map: MapNode, key: string): boolean | undefined {
  const node = nodeAt(map, [key]);
  return node?.kind === 'scalar' && typeof node.value === 'boolean' ? node.value : undefined;
}

/** The same in the values: the provider stays declared, but takes no requests. */
export function withoutKeyless(config: Config, disabled: readonly DisabledProvider[]): Config {
  const ids = new Set(disabled.map(({ id }) => id));
  const providers = Object.entries(config.providers).map(([id, provider]) => {
    return [id, ids.has(id) ? { ...provider, active: false } : provider] as const;
  });
  return { ...config, providers: Object.fromEntries(providers) };
}
