import { describe, expect, it } from 'vitest';
import { allFormats } from '../../src/protocols/all-formats.ts';
import type { CanonicalRequest } from '../../src/protocols/canonical.ts';
import { estimateInput } from '../../src/protocols/estimate.ts';
import type { InboundRoute } from '../../src/protocols/protocol.ts';
import { expectLinear } from './growth.ts';
import { requestShapes } from './request-bodies.ts';
import { targetsOf } from './targets.ts';

const route: InboundRoute = { model: 'm', action: 'generateContent', query: new URLSearchParams(), headers: {} };

describe.each([...allFormats.inbounds.values()])('$id.protocol $id.operation', (inbound) => {
  const shapes = Object.entries(requestShapes(inbound));

  it.each(shapes)('reads %s in steps that grow with their number', (_name, shape) => {
    expectLinear(shape, (body) => {
      inbound.facts(body, route);
      inbound.decode(body, route);
    });
  });

  it.each(shapes)('counts the tokens of %s in steps that grow with their number', (_name, shape) => {
    expectLinear((count) => inbound.decode(shape(count), route).request, estimateInput);
  });

  describe.each([...allFormats.outbounds.values()])('for $id.protocol', (outbound) => {
    it.each(shapes)('writes %s in steps that grow with their number', (_name, shape) => {
      const decoded = (count: number) => inbound.decode(shape(count), route).request;
      for (const target of targetsOf(outbound)) {
        if (isRefused(() => outbound.encode(decoded(1), target))) continue;
        expectLinear<CanonicalRequest>(decoded, (request) => outbound.encode(request, target));
      }
    });
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
