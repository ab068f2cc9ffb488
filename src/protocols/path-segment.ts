import { GatewayError } from '../core/errors.ts';
import type { Candidate } from '../core/model.ts';

/**
 * A model's id as one segment of a URL's path. Throws `upstream_model_missing` for one that would change the path all the
 * same: `.` and `..` mean a place in every spelling, and servers that decode `%2F` see them between slashes as well.
 */
export function modelSegment(target: Candidate): string {
  return encoded(target.model.upstreamId, target);
}

/** An id that is itself a path, such as `publishers/google/models/gemini`, segment by segment. */
export function modelPath(target: Candidate): string {
  return target.model.upstreamId
    .split('/')
    .map((segment) => encoded(segment, target))
    .join('/');
}

function encoded(text: string, target: Candidate): string {
  if (text === '' || !text.isWellFormed() || text.split(/[/\\]/).some(isDots)) {
    throw new GatewayError(
      'upstream_model_missing',
      `${JSON.stringify(target.model.upstreamId)} is not the name of a model of ${target.endpoint.providerId}.`,
    );
  }
  return encodeURIComponent(text);
}

/** `.` and `..`, also where they are percent-encoded once more. */
function isDots(segment: string): boolean {
  return /^(?:\.|%(?:25)*2e){1,2}$/i.test(segment.trim());
}
