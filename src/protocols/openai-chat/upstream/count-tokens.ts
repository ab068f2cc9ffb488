import type { Candidate } from '../../../core/model.ts';
import type { CanonicalRequest } from '../../canonical.ts';
import { asNumber } from '../../fields.ts';
import type { TokenQuestion } from '../../protocol.ts';
import { encodeRequest } from './encode-request.ts';

/**
 * The protocol itself cannot count; llama.cpp and vLLM can. They apply the chat template before they count, so they are
 * asked with the whole request.
 */
export function countTokens(request: CanonicalRequest, target: Candidate): TokenQuestion | undefined {
  const { baseUrl, quirks, type } = target.endpoint;
  const { tokenizePath } = quirks;
  // Encoding a long prompt takes long, and most servers cannot be asked.
  if (tokenizePath === undefined) return undefined;
  const { body } = encodeRequest({ ...request, stream: false }, target);
  if (type === 'llamacpp') {
    return {
      url: `${baseUrl}/chat/completions/input_tokens`,
      headers: {},
      body,
      read: (answer) => asNumber(answer.input_tokens),
    };
  }
  const root = baseUrl.replace(/\/v\d+$/, '');
  const { model, messages, tools } = body;
  const asked = tools === undefined ? { model, messages } : { model, messages, tools };
  return { url: root + tokenizePath, headers: {}, body: asked, read: (answer) => asNumber(answer.count) };
}
