import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../../src/core/model.ts';
import { fill } from '../../../src/gateway/fill.ts';
import type { CanonicalRequest } from '../../../src/protocols/canonical.ts';

const target = (context: number | undefined) => ({ model: { context } }) as unknown as Candidate;

function request(more: Partial<CanonicalRequest> = {}): CanonicalRequest {
  return {
    model: 'm',
    messages: [{ role: 'user', content: [{ kind: 'text', text: 'x'.repeat(4_000) }] }],
    tools: [],
    stream: false,
    includeUsage: false,
    ...more,
  };
}

describe('fill', () => {
  it('fills what the request left out and nothing else', () => {
    const params = { temperature: 0.2, max_tokens: 100 };
    const filled = fill(request({ temperature: 1 }), { params, systemPrompt: undefined, target: target(undefined) });
    expect(filled).toMatchObject({ temperature: 1, maxTokens: 100 });
  });

  it('puts the system prompt in front unless there is one', () => {
    const fills = { params: undefined, systemPrompt: 'Be brief.', target: target(undefined) };
    expect(fill(request(), fills).messages.map((message) => message.role)).toEqual(['system', 'user']);
    const own = request({ messages: [{ role: 'developer', content: [{ kind: 'text', text: 'Mine.' }] }] });
    expect(fill(own, fills).messages).toEqual(own.messages);
  });

  it.each([
    [32_000, 8_192, 'cut to the room that is left', (tokens: number) => tokens < 8_192 - 1_000 && tokens > 6_000],
    [32_000, 131_072, 'left alone where it fits', (tokens: number) => tokens === 32_000],
    [32_000, undefined, 'left alone where the context is unknown', (tokens: number) => tokens === 32_000],
    [32_000, 1_000, 'never cut to nothing', (tokens: number) => tokens === 256],
    [100, 1_000, 'left alone when it is small', (tokens: number) => tokens === 100],
  ])('a limit of %i tokens at a context of %s is %s', (maxTokens, context, _what, isRight) => {
    const fills = { params: undefined, systemPrompt: undefined, target: target(context) };
    expect(isRight(fill(request({ maxTokens }), fills).maxTokens ?? 0)).toBe(true);
  });
});
