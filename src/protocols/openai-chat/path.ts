import type { Candidate } from '../../core/model.ts';

/**
 * The path of an operation at an endpoint. Where an `api_version` is set (Azure), it goes into the query, and the
 * deployment into the path unless the base names one or is of the newer kind (`…/openai/v1`) that needs none.
 */
export function operationPath(operation: string, { endpoint, model }: Candidate): string {
  const version = endpoint.settings.api_version;
  if (version === undefined) return operation;
  const needsNone = endpoint.baseUrl.endsWith('/v1') || endpoint.baseUrl.includes('/deployments/');
  const deployment = needsNone ? '' : `/deployments/${encodeURIComponent(model.upstreamId)}`;
  return `${deployment}${operation}?api-version=${encodeURIComponent(version)}`;
}
