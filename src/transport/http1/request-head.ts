import type { UpstreamRequest } from '../upstream-pool.ts';

/** Fields that frame the message: they are this connection's own. */
const ownFields = new Set(['connection', 'content-length', 'transfer-encoding', 'keep-alive', 'upgrade', 'expect']);

const outsidePath = /[^\x21-\x7e]/;
const outsideName = /[^!#$%&'*+.^_`|~0-9A-Za-z-]/;
const outsideValue = /[^\t\x20-\x7e\x80-\xff]/;

/** Request line and fields with the blank line, latin-1. Throws for what would end a line early. */
export function requestHead(about: {
  readonly request: UpstreamRequest;
  readonly path: string;
  /** Where the fields name none. */
  readonly host: string;
}): string {
  const { request, path, host } = about;
  const { method, headers, body } = request;
  if (outsidePath.test(path)) throw new TypeError('the path of the upstream URL has characters that cannot be sent');
  let text = `${method} ${path === '' ? '/' : path} HTTP/1.1\r\n`;
  let hasHost = false;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] as string;
    const value = headers[at + 1] as string;
    const lower = name.toLowerCase();
    if (ownFields.has(lower)) continue;
    if (lower === 'host') hasHost = true;
    if (name === '' || outsideName.test(name) || outsideValue.test(value)) {
      throw new TypeError(`the header ${JSON.stringify(name)} has characters that cannot be sent`);
    }
    text += `${name}: ${value}\r\n`;
  }
  if (!hasHost) text += `host: ${host}\r\n`;
  if (body !== undefined) text += `content-length: ${body.length}\r\n`;
  else if (method === 'POST') text += 'content-length: 0\r\n';
  return `${text}connection: keep-alive\r\n\r\n`;
}
