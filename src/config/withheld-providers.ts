import { providerType, providerTypes } from '../catalogue/catalogue.ts';
import type { DisabledProvider } from './keyless.ts';
import type { Config } from './schema.ts';
import type { Mark } from './tree.ts';
import { trustHint, type Withholding } from './untrusted-uses.ts';

/**
 * Hosted providers that the user's variables would switch on beside the file's own: none of them is for a file that is
 * not trusted, whose virtual models could spend them. One warning for all.
 */
export function withheldProviders(config: Config, mark: Mark, withholding: Withholding): readonly DisabledProvider[] {
  const { environment, withheld, report } = withholding;
  const declared = new Set(Object.entries(config.providers).map(([id, { type }]) => providerType(type ?? id)?.id));
  const isSet = (variable: string) => (environment[variable] ?? '') === '' && (withheld[variable] ?? '') !== '';
  const found = providerTypes().flatMap(({ id, keyVariables }): readonly DisabledProvider[] => {
    const variable = keyVariables.find(isSet);
    if (variable === undefined || declared.has(id) || config.providers[id] !== undefined) return [];
    return [{ id, variable, isWithheld: true }];
  });
  if (found.length > 0) {
    const names = found.map(({ id }) => id).join(', ');
    const variables = found.map(({ variable }) => variable).join(', ');
    const message = `off until this file is trusted: ${names} (${variables} of your environment)`;
    report(mark, [], { message, hint: trustHint, severity: 'warning' });
  }
  return found;
}
