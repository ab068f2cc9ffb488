import { type ConfigIssue, formatIssue } from '../config/issues.ts';
import type { Check, CheckResult } from './check.ts';

/** Every problem of the configuration, with its place. */
export const checkConfig: Check = async ({ loaded, configError }) => {
  if (configError !== undefined) return configError.issues.map((issue) => problem(issue, 'fail'));
  // Providers without their key are the business of the check of variables.
  const isKey = ({ path }: ConfigIssue) =>
    loaded.disabledProviders.some(({ id, isWithheld }) => isWithheld !== true && path === `providers.${id}.api_key`);
  const warnings = loaded.warnings.filter((issue) => !isKey(issue)).map((issue) => problem(issue, 'warn'));
  const subject = loaded.paths.length === 0 ? 'zero config' : loaded.paths.join(', ');
  const message = loaded.paths.length === 0 ? 'there is no file, and none is needed' : 'the file is valid';
  return [{ check: 'config', subject, status: 'ok', message }, ...warnings];
};

function problem(issue: ConfigIssue, status: 'fail' | 'warn'): CheckResult {
  const subject = formatIssue({ ...issue, message: '', hint: undefined }).trim();
  const fix = issue.hint ?? 'correct the file';
  return { check: 'config', subject, status, message: issue.message, fix };
}
