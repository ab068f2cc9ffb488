import { GatewayError } from '../../core/errors.ts';
import { asArray, asNumber, isObject } from '../fields.ts';
import type { RerankRequest, RerankResult } from './canonical.ts';

/**
 * The results of an upstream's answer, in order and no more than were asked for: some servers know no `top_n`, some
 * answer in the documents' order. Throws `upstream_invalid` for an answer that does not fit the request.
 */
export function decodeResults(results: unknown, request: RerankRequest): readonly RerankResult[] {
  if (!Array.isArray(results)) throw invalid('answered without results');
  const decoded = asArray(results).map((result) => decodeResult(result, request));
  if (new Set(decoded.map(({ index }) => index)).size < decoded.length) throw invalid('ranked a document twice');
  const wanted = Math.min(request.topN ?? request.documents.length, request.documents.length);
  if (decoded.length < wanted) throw invalid(`ranked ${decoded.length} of ${wanted} documents`);
  return decoded.sort((a, b) => b.score - a.score).slice(0, wanted);
}

function decodeResult(result: unknown, { documents }: RerankRequest): RerankResult {
  const index = isObject(result) ? asNumber(result.index) : undefined;
  const score = isObject(result) ? asNumber(result.relevance_score) : undefined;
  if (index === undefined || score === undefined) throw invalid('answered with an unreadable result');
  if (!Number.isInteger(index) || index < 0 || index >= documents.length) throw invalid('ranked an unknown document');
  return { index, score };
}

function invalid(problem: string): GatewayError {
  return new GatewayError('upstream_invalid', `The upstream ${problem}.`);
}
