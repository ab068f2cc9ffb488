import type { Candidate } from '../../core/model.ts';
import { foreignFields } from '../extensions.ts';
import { asString, present } from '../fields.ts';
import type { EncodedRequest, JsonObject } from '../protocol.ts';
import type { RerankDecodeContext, RerankOutbound, RerankRequest, RerankResponse } from '../rerank/canonical.ts';
import { decodeResults } from '../rerank/results.ts';
import { classifyError } from './errors.ts';
import { decodeUsage } from './usage.ts';
import { protocol, type RerankBody, rerankFormatId } from './wire.ts';

function encode(request: RerankRequest, target: Candidate): EncodedRequest {
  const body: RerankBody = present({
    model: target.model.upstreamId,
    query: request.query,
    documents: request.documents,
    top_n: request.topN,
    max_tokens_per_doc: request.maxTokensPerDocument,
  });
  const headers = { accept: 'application/json' };
  return { path: '/rerank', headers, body: { ...body }, drops: [...new Set(foreignFields(request, protocol))] };
}

function decodeResponse(body: JsonObject, { target, request }: RerankDecodeContext): RerankResponse {
  if (typeof body.message === 'string') throw classifyError(200, {}, JSON.stringify(body), target);
  return {
    id: asString(body.id) ?? '',
    model: target.model.upstreamId,
    results: decodeResults(body.results, request),
    usage: decodeUsage(body.meta),
  };
}

export const cohereRerankOutbound: RerankOutbound = { id: rerankFormatId, encode, decodeResponse, classifyError };
