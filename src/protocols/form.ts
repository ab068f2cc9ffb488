import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from './protocol.ts';

/** A form as it goes to an upstream. */
export interface EncodedForm {
  readonly body: Buffer;
  /** With the boundary. */
  readonly contentType: string;
}

/** A multipart body taken apart by the runtime's own parser. Rejects with `bad_request`. */
export async function decodeForm(body: Buffer, contentType: string): Promise<FormData> {
  try {
    return await new Response(body as Uint8Array<ArrayBuffer>, { headers: { 'content-type': contentType } }).formData();
  } catch (thrown) {
    throw new GatewayError('bad_request', 'The request body is not a valid multipart form.', {
      hint: 'let the HTTP client write the Content-Type with its boundary',
      cause: thrown,
    });
  }
}

/** The fields of a form that are text; of a name that comes twice the last. Files are not among them. */
export function fieldsOfForm(form: FormData): JsonObject {
  return Object.fromEntries([...form].filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/**
 * The same form for another model; names and types of files stay. The model comes first, so that a server that reads the
 * form as it comes knows it before the file.
 */
export async function encodeForm(form: FormData, model: string): Promise<EncodedForm> {
  const named = new FormData();
  named.append('model', model);
  for (const [name, value] of form) {
    if (name === 'model') continue;
    if (typeof value === 'string') named.append(name, value);
    else named.append(name, value, value.name);
  }
  const encoded = new Response(named);
  return {
    body: Buffer.from(await encoded.arrayBuffer()),
    contentType: encoded.headers.get('content-type') ?? 'multipart/form-data',
  };
}
