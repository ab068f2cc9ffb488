import { describe, expect, it } from 'vitest';
import { allFormats } from '../../src/protocols/all-formats.ts';
import { inbound as messagesInbound } from '../../src/protocols/anthropic-messages/inbound.ts';
import type { CanonicalRequest, Part } from '../../src/protocols/canonical.ts';
import { collectParts, responseParts } from '../../src/protocols/collect.ts';
import type { AnswerContext, Inbound, StreamDecoder } from '../../src/protocols/protocol.ts';
import { TranslatingRelay } from '../../src/protocols/relay.ts';
import { longAnswers } from './answer-parts.ts';
import { expectLinear } from './growth.ts';
import { times } from './request-bodies.ts';
import { targetsOf } from './targets.ts';
import { eventStreams } from './upstream-streams.ts';

const request: CanonicalRequest = {
  model: 'm',
  messages: [],
  tools: times(50, (index) => ({ name: `tool_${index}`, parameters: {} })),
  stream: true,
  includeUsage: true,
};
const context: AnswerContext = { requestedModel: 'm', includeUsage: true, requestId: 'req_1', nowMs: 0, request };
const answers = Object.entries(longAnswers);
const inbounds = [...allFormats.inbounds.values()];

function streamOf(inbound: Inbound, parts: readonly Part[]): string {
  const encoder = inbound.streamEncoder(
    context,
    inbound.framing({ query: new URLSearchParams('alt=sse'), headers: {} }),
  );
  let text = '';
  for (const part of parts) text += encoder.encode(part);
  return text + encoder.end();
}

/** As bytes come off a socket. */
const cuts: Readonly<Record<string, (stream: Buffer) => readonly Buffer[]>> = {
  'event by event': (stream) =>
    stream
      .toString('utf8')
      .split(/(?<=\n\n)/)
      .map((event) => Buffer.from(event)),
  'seven bytes at a time': (stream) =>
    times(Math.ceil(stream.length / 7), (index) => stream.subarray(index * 7, index * 7 + 7)),
};

function readAll(decoder: StreamDecoder, chunks: readonly Buffer[]): void {
  for (const chunk of chunks) decoder.push(chunk);
  decoder.end();
}

describe.each(inbounds)('for clients of $id.protocol $id.operation', (inbound) => {
  it.each(answers)('streams %s in steps that grow with their number', (_name, parts) => {
    expectLinear(parts, (made) => streamOf(inbound, made));
  });

  it.each(answers)('writes %s in steps that grow with their number', (_name, parts) => {
    expectLinear(
      (count) => collectParts(parts(count)),
      (response) => inbound.encodeResponse(response, context),
    );
  });
});

describe('for every client', () => {
  it.each(answers)('gathers and replays %s in steps that grow with their number', (_name, parts) => {
    expectLinear(parts, (made) => responseParts(collectParts(made)));
  });
});

const twoSided = [...allFormats.outbounds.values()].flatMap((outbound) => {
  const inbound = inbounds.find(({ id }) => id.protocol === outbound.id.protocol && id.operation === 'chat');
  return inbound === undefined ? [] : [{ id: outbound.id, outbound, inbound }];
});

describe.each(twoSided)('from upstreams of $id.protocol', ({ outbound, inbound }) => {
  const targets = targetsOf(outbound);

  it.each(answers)('reads %s in steps that grow with their number', (_name, parts) => {
    expectLinear(
      (count) => inbound.encodeResponse(collectParts(parts(count)), context),
      (body) => {
        for (const target of targets) decoded(() => outbound.decodeResponse(body, { target, request }));
      },
    );
  });

  describe.each(Object.entries(cuts))('%s', (_cut, cut) => {
    it.each(answers)('reads a stream of %s in steps that grow with their number', (_name, parts) => {
      expectLinear(
        (count) => cut(Buffer.from(streamOf(inbound, parts(count)))),
        (chunks) => {
          for (const target of targets) decoded(() => readAll(outbound.streamDecoder({ target, request }), chunks));
        },
      );
    });
  });
});

/** An answer may be nothing but a call that is cut off, which some wires cannot show. */
function decoded(decode: () => void): void {
  try {
    decode();
  } catch (thrown) {
    expect(thrown).toMatchObject({ message: expect.stringContaining('an empty answer') });
  }
}

const withOddStreams = [...allFormats.outbounds.values()].filter(({ id }) => eventStreams[id.protocol] !== undefined);

describe.each(withOddStreams)('odd streams of $id.protocol', (outbound) => {
  const streams = Object.entries(eventStreams[outbound.id.protocol] ?? {});

  it.each(streams)('translates %s in steps that grow with their number', (_name, stream) => {
    expectLinear(stream, (chunks) => {
      for (const target of targetsOf(outbound)) {
        const encoder = messagesInbound.streamEncoder(context, 'sse');
        const relay = new TranslatingRelay({ decoder: outbound.streamDecoder({ target, request }), encoder, target });
        for (const chunk of chunks) relay.push(chunk);
        relay.end();
        expect(relay.failure).toBeUndefined();
      }
    });
  });
});
