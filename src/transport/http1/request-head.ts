import { isSendable, requireSendablePath } from '../sendable.ts';
import type { UpstreamRequest } from '../upstream-pool.ts';

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
  let text = `${method} ${path} HTTP/1.1\r\n`;
  let hasHost = false;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] as string;
    const value = headers[at + 1] as string;
    if (!isSendable(name, value)) continue;
    if (name.length === 4 && name.toLowerCase() === 'host') hasHost = true;
    text += `${name}: ${value}\r\n`;
  }
  if (!hasHost) text += `host: ${host}\r\n`;
  if (body !== undefined) text += `content-length: ${body.length}\r\n`;
  else if (method === 'POST') text += 'content-length: 0\r\n';
  return `${text}connection: keep-alive\r\n\r\n`;
}
