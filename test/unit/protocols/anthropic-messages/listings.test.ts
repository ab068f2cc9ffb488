import { describe, expect, it, onTestFinished } from 'vitest';
import { decodeCountRequest } from '../../../../src/protocols/anthropic-messages/client/decode-request.ts';
import { encodeModel, encodeModels } from '../../../../src/protocols/anthropic-messages/client/models.ts';
import { decodeCount, encodeCount } from '../../../../src/protocols/anthropic-messages/count-tokens.ts';
import { encodeCountRequest } from '../../../../src/protocols/anthropic-messages/upstream/encode-request.ts';
import { startAnthropicFake } from '../../../support/fake-servers/anthropic.ts';
import { assistant, call, candidate, lookTool, message, request, result, route, user } from './samples.ts';

describe('counting', () => {
  it('takes a body without max_tokens', () => {
    const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }], tools: [] };
    expect(decodeCountRequest(body, route).request).toMatchObject({ model: 'm', messages: [user('hi')] });
  });

  it('is answered by a strict API', async () => {
    const fake = await startAnthropicFake();
    onTestFinished(() => fake.close());
    const messages = [message('system', 'brief'), user('a'), assistant(call('x')), result('x')];
    const encoded = encodeCountRequest(
      request({ messages, tools: [lookTool], maxTokens: 5, temperature: 1 }),
      candidate(),
    );
    const response = await fetch(`${fake.url}${encoded.path}`, {
      method: 'POST',
      headers: { ...encoded.headers, 'x-api-key': 'sk-ant-test-fake', 'content-type': 'application/json' },
      body: JSON.stringify(encoded.body),
    });
    expect(decodeCount(JSON.parse(await response.text()), candidate())).toBeGreaterThan(10);
  });

  it('has its own shape', () => {
    expect(encodeCount(7)).toEqual({ input_tokens: 7 });
    expect(() => decodeCount({}, candidate())).toThrow(expect.objectContaining({ code: 'upstream_invalid' }));
  });
});

describe('the list of models', () => {
  it('is one page in the order given', () => {
    expect(
      encodeModels([
        { id: 'b', created: 0 },
        { id: 'a', created: 1_780_000_000, displayName: 'A' },
      ]),
    ).toEqual({
      data: [
        { type: 'model', id: 'b', display_name: 'b', created_at: '1970-01-01T00:00:00.000Z' },
        { type: 'model', id: 'a', display_name: 'A', created_at: '2026-05-28T20:26:40.000Z' },
      ],
      has_more: false,
      first_id: 'b',
      last_id: 'a',
    });
  });

  it('may be empty', () => {
    expect(encodeModels([])).toEqual({ data: [], has_more: false, first_id: null, last_id: null });
  });

  it('has the same entry alone', () => {
    expect(encodeModel({ id: 'x', created: 0 })).toMatchObject({ type: 'model', id: 'x' });
  });
});
