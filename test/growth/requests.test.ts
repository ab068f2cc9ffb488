import { describe, expect, it } from 'vitest';
import type { ProtocolName } from '../../src/core/model.ts';
import { allFormats } from '../../src/protocols/all-formats.ts';
import type { CanonicalRequest } from '../../src/protocols/canonical.ts';
import { estimateInput } from '../../src/protocols/estimate.ts';
import type { InboundRoute } from '../../src/protocols/protocol.ts';
import { expectLinear } from './growth.ts';
import { requestShapes } from './request-bodies.ts';
import { targetsOf } from './targets.ts';

const route: InboundRoute = { model: 'm', action: 'generateContent', query: new URLSearchParams(), headers: {} };

const inbounds = [...allFormats.inbounds.values()];
const rich: ReadonlySet<ProtocolName> = new Set(['chat_completions', 'messages', 'generate_content']);

describe.each(inbounds)('$id.protocol $id.operation', (inbound) => {
  const shapes = Object.entries(requestShapes(inbound));

  it.each(shapes)('reads and counts %s in steps that grow with their number', (_name, shape) => {
    expectLinear(shape, (body) => {
      inbound.facts(body, route);
      estimateInput(inbound.decode(body, route).request);
    });
  });
});

/** What the others decode to is of the same kinds. */
const richest = inbounds.filter(({ id }) => id.operation === 'chat' && rich.has(id.protocol));

describe.each(richest)('$id.protocol', (inbound) => {
  describe.each([...allFormats.outbounds.values()])('for $id.protocol', (outbound) => {
    it.each(Object.entries(requestShapes(inbound)))(
      'writes %s in steps that grow with their number',
      (_name, shape) => {
        const decoded = (count: number) => inbound.decode(shape(count), route).request;
        const targets = targetsOf(outbound).filter((target) => !isRefused(() => outbound.encode(decoded(1), target)));
        expectLinear<CanonicalRequest>(decoded, (request) => {
          for (const target of targets) outbound.encode(request, target);
        });
      },
    );
  });
});

/** Some wires have no place for a file. */
function isRefused(encode: () => void): boolean {
  try {
    encode();
    return false;
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: 'upstream_incapable' });
    return true;
  }
}
