import { GatewayError } from '../core/errors.ts';

/** The content type of a form. Throws `unsupported_media` for anything else. */
export function requireForm(header: string | undefined): string {
  if (header !== undefined && /^\s*multipart\/form-data\s*(?:;|$)/i.test(header)) return header;
  const what = header === undefined ? 'A body without a content type' : `The content type "${header.slice(0, 80)}"`;
  throw new GatewayError('unsupported_media', `${what} is not accepted here.`, {
    hint: 'send the file and its fields as multipart/form-data',
  });
}
