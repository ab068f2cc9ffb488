import type { Candidate } from '../../core/model.ts';
import { modelSegment } from '../path-segment.ts';

/** Azure has it in its newer API alone. */
const newerOnly: ReadonlySet<string> = new Set(['/responses']);

/**
 * The path of an operation below an endpoint's base. Azure's bases are the exception: the older API of a resource
 * (`…/openai`) takes the deployment in the path and a dated `api_version` in the query; without one the newer API
 * (`…/openai/v1`) is used, which needs neither and refuses the dates.
 */
export function operationPath(operation: string, target: Candidate): string {
  const { endpoint } = target;
  const { baseUrl, type } = endpoint;
  const version = endpoint.settings.api_version;
  if (version === undefined && type !== 'azure') return operation;
  const isDated = version !== undefined && /^\d{4}-/.test(version);
  const prefix = isBareHost(baseUrl) ? '/openai' : '';
  const base = baseUrl + prefix;
  if (base.endsWith('/openai') && (!isDated || newerOnly.has(operation))) {
    return `${prefix}/v1${operation}${query(isDated ? undefined : version)}`;
  }
  if (base.endsWith('/v1')) return `${prefix}${operation}${query(isDated ? undefined : version)}`;
  const isComplete = !isDated || base.includes('/deployments/') || base.endsWith('/models');
  const deployment = isComplete ? '' : `/deployments/${modelSegment(target)}`;
  return `${prefix}${deployment}${operation}${query(version)}`;
}

function isBareHost(baseUrl: string): boolean {
  return /^https?:\/\/[^/]+$/.test(baseUrl);
}

function query(version: string | undefined): string {
  return version === undefined ? '' : `?api-version=${encodeURIComponent(version)}`;
}
