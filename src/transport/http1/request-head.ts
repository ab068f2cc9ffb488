import { isSendable, requireSendablePath } from '../sendable.ts';
import type { UpstreamRequest } from '../upstream-pool.ts';
import { type FieldName, fieldName } from './fields.ts';

/** Request line and fields with the blank line, latin-1. Throws for what would end a line early. */
export function requestHead(about: {
  readonly request: UpstreamRequest;
  readonly path: string;
  /** Where the fields name none. */
  readonly host: string;
}): string {
  const { request, path, host } = about;
  const { method, headers, body } = request;
  requireSendablePath(path);
  let text = `${method} ${path} HTTP/1.1`;
  let hasHost = false;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] as string;
    const value = headers[at + 1] as string;
    if (!isSendable(name, value)) continue;
    // A name, as it is sendable.
    const { lower, start } = fieldName(name) as FieldName;
    if (lower === 'host') hasHost = true;
    text += start + value;
  }
  if (!hasHost) text += `\r\nhost: ${host}`;
  if (body !== undefined) text += `\r\ncontent-length: ${body.length}`;
  else if (method === 'POST') text += '\r\ncontent-length: 0';
  return `${text}\r\nconnection: keep-alive\r\n\r\n`;
}
