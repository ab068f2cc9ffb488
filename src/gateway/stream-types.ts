import type { Framing } from '../protocols/protocol.ts';

/** Content type of a stream towards the client. */
export const streamTypes: Readonly<Record<Framing, string>> = {
  sse: 'text/event-stream; charset=utf-8',
  ndjson: 'application/x-ndjson',
  'json-array': 'application/json; charset=utf-8',
  'aws-event-stream': 'application/vnd.amazon.eventstream',
};
