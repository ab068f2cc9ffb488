/** What came is no HTTP/1.1 message. `code` is named like those of Node's own parser. */
export class MessageError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
