import { parseEvent, SseSplitter } from '../../transport/sse.ts';
import { asObject, isObject } from '../fields.ts';
import type { JsonObject } from '../protocol.ts';

const ending = /response\.(?:completed|incomplete)/;

/** Overhears a stream towards the client, passed through or translated, for the Response object in its last event. */
export class FinalResponse {
  readonly #splitter = new SseSplitter();
  #response: JsonObject | undefined;

  /** Undefined until the answer is whole; failed ones never are. */
  get response(): JsonObject | undefined {
    return this.#response;
  }

  push(chunk: Buffer | string): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    for (const raw of this.#splitter.split(bytes)) if (ending.test(raw.toString('latin1'))) this.#read(raw);
  }

  #read(raw: Buffer): void {
    const { data } = parseEvent(raw);
    const event: unknown = data === undefined ? undefined : JSON.parse(data);
    if (isObject(event) && ending.test(String(event.type))) this.#response = asObject(event.response);
  }
}
