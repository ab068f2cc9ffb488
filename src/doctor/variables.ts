import { keyVariableHosts } from '../catalogue/catalogue.ts';
import type { Check, CheckResult } from './check.ts';

/** Which keys are there, and which provider lacks its own. Names only, never a value. */
export const checkVariables: Check = async ({ loaded }) => {
  const set = [...keyVariableHosts().keys()].filter((name) => (loaded.environment[name] ?? '') !== '');
  // What is held back from a file is told with the file.
  const unset = loaded.disabledProviders.filter(({ isWithheld }) => isWithheld !== true);
  const missing = unset.map(
    ({ id, variable }): CheckResult => ({
      check: 'variables',
      subject: variable,
      status: 'warn',
      message: `is not set, so the provider "${id}" is off`,
      fix: `set ${variable}, or put it in the .env beside the configuration`,
    }),
  );
  if (set.length + missing.length > 0) {
    return [
      ...set.map((subject): CheckResult => ({ check: 'variables', subject, status: 'ok', message: 'is set' })),
      ...missing,
    ];
  }
  return [
    {
      check: 'variables',
      subject: 'provider keys',
      status: 'skip',
      message: 'none is set: only local servers are used',
    },
  ];
};
