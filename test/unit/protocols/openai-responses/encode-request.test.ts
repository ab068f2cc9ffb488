import { describe, expect, test } from 'vitest';
import { encodeRequest } from '../../../../src/protocols/openai-responses/upstream/encode-request.ts';
import { request, target } from './samples.ts';

const text = (value: string) => ({ kind: 'text' as const, text: value });

describe('the request upstream', () => {
  test('keeps nothing there, and is small when little is asked', () => {
    expect(encodeRequest(request(), target())).toEqual({
      path: '/responses',
      body: {
        model: 'gpt-5.1',
        input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] }],
        store: false,
      },
      drops: [],
    });
  });

  test('a leading system message is the instructions, later ones stay in place', () => {
    const { body } = encodeRequest(
      request({
        messages: [
          { role: 'system', content: [text('Be brief.')] },
          { role: 'user', content: [text('hi')] },
          { role: 'developer', content: [text('Now in French.')] },
        ],
      }),
      target(),
    );
    expect(body.instructions).toBe('Be brief.');
    expect(body.input).toMatchObject([{ role: 'user' }, { role: 'developer' }]);
  });

  test('developer messages become system ones where that role is unknown', () => {
    const messages = [{ role: 'developer' as const, content: [text('x')] }];
    const { body } = encodeRequest(request({ messages }), target({ developerRole: false }));
    expect(body.input).toMatchObject([{ role: 'system' }]);
  });

  test('own reasoning that lost its id and its kind on the way goes back as a summary', () => {
    const seal = { protocol: 'responses', value: 'gAA=' };
    const messages = [{ role: 'assistant' as const, content: [{ kind: 'reasoning' as const, text: 'Plan', seal }] }];
    expect(encodeRequest(request({ messages }), target()).body.input).toEqual([
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Plan' }], encrypted_content: 'gAA=' },
    ]);
  });

  test('own reasoning goes back sealed, with its id; that of others is named', () => {
    const messages = [
      {
        role: 'assistant' as const,
        content: [
          {
            kind: 'reasoning' as const,
            text: 'Plan',
            isSummary: true,
            id: 'rs_1',
            seal: { protocol: 'responses', value: 'gAA=' },
          },
          { kind: 'reasoning' as const, text: 'Signed', seal: { protocol: 'messages', value: 'sig' } },
          text('Answer.'),
        ],
      },
    ];
    const { body, drops } = encodeRequest(request({ messages }), target());
    expect(body.input).toEqual([
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 'Plan' }],
        encrypted_content: 'gAA=',
      },
      {
        type: 'message',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'Answer.', annotations: [] }],
      },
    ]);
    expect(drops).toEqual(['reasoning']);
  });

  test('unsealed reasoning goes to servers that take it', () => {
    const messages = [{ role: 'assistant' as const, content: [{ kind: 'reasoning' as const, text: 'Hm' }] }];
    const { body } = encodeRequest(request({ messages }), target({ reasoningField: 'reasoning_content' }));
    expect(body.input).toEqual([{ type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: 'Hm' }] }]);
  });

  test('tool results: one text is a string, anything else a list', () => {
    const image = { kind: 'image' as const, source: { kind: 'bytes' as const, mediaType: 'image/png', base64: 'AA' } };
    const messages = [
      {
        role: 'tool' as const,
        content: [
          { kind: 'tool-result' as const, id: 'a', content: [text('one')] },
          { kind: 'tool-result' as const, id: 'b', content: [text('two'), image], isError: true },
          { kind: 'tool-result' as const, id: 'c', content: [] },
        ],
      },
    ];
    const { body, drops } = encodeRequest(request({ messages }), target());
    expect(body.input).toEqual([
      { type: 'function_call_output', call_id: 'a', output: 'one' },
      {
        type: 'function_call_output',
        call_id: 'b',
        output: [
          { type: 'input_text', text: 'two' },
          { type: 'input_image', detail: 'auto', image_url: 'data:image/png;base64,AA' },
        ],
      },
      { type: 'function_call_output', call_id: 'c', output: '' },
    ]);
    expect(drops).toEqual(['tool_result.is_error']);
  });

  test('tools are not strict unless that was asked for', () => {
    const tools = [
      { name: 'a', parameters: { type: 'object' } },
      { name: 'b', parameters: { type: 'object' }, strict: true, description: 'B.' },
    ];
    const { body } = encodeRequest(request({ tools, toolChoice: { kind: 'tool', name: 'b' } }), target());
    expect(body.tools).toEqual([
      { type: 'function', name: 'a', parameters: { type: 'object' }, strict: false },
      { type: 'function', name: 'b', description: 'B.', parameters: { type: 'object' }, strict: true },
    ]);
    expect(body.tool_choice).toEqual({ type: 'function', name: 'b' });
  });

  test.each([
    [{ effort: 'low' as const }, { effort: 'low' }, true],
    [{ effort: 'none' as const }, { effort: 'none' }, false],
    [{ summary: 'auto' }, { summary: 'auto' }, true],
    [{ budgetTokens: 1024 }, { effort: 'low' }, true],
    [{ budgetTokens: 2000 }, { effort: 'low' }, true],
    [{ budgetTokens: 30_000 }, { effort: 'high' }, true],
    [{ budgetTokens: 0 }, { effort: 'none' }, false],
    [{ budgetTokens: -1 }, undefined, false],
  ])('reasoning %j', (reasoning, expected, isEncrypted) => {
    const { body } = encodeRequest(request({ reasoning }), target());
    expect(body.reasoning).toEqual(expected);
    expect(body.include).toEqual(isEncrypted ? ['reasoning.encrypted_content'] : undefined);
  });

  test('carries what only this protocol knows and names what only others do', () => {
    const extensions = {
      responses: { prompt_cache_key: 'k', 'text.verbosity': 'low' },
      chat_completions: { mirostat: 2 },
    };
    const { body, drops } = encodeRequest(request({ extensions }), target());
    expect(body).toMatchObject({ prompt_cache_key: 'k', text: { verbosity: 'low' } });
    expect(drops).toEqual(['mirostat']);
  });

  test('names the settings it has no word for', () => {
    const { drops } = encodeRequest(
      request({
        stop: ['x'],
        n: 2,
        seed: 1,
        frequencyPenalty: 1,
        presencePenalty: 1,
        logitBias: { '1': 1 },
        topK: 1,
        minP: 0.1,
      }),
      target(),
    );
    expect(drops).toEqual([
      'stop',
      'n',
      'seed',
      'frequency_penalty',
      'presence_penalty',
      'logit_bias',
      'top_k',
      'min_p',
    ]);
    expect(encodeRequest(request({ stop: [], n: 1, frequencyPenalty: 0, logitBias: {} }), target()).drops).toEqual([]);
  });

  test('raises a limit that hosted upstreams refuse, and says so', () => {
    const { body, drops } = encodeRequest(request({ maxTokens: 5 }), target());
    expect(body.max_output_tokens).toBe(16);
    expect(drops).toEqual(['max_output_tokens']);
    const hosted = target();
    const local = { ...hosted, model: { ...hosted.model, isLocal: true } };
    expect(encodeRequest(request({ maxTokens: 5 }), local)).toMatchObject({
      body: { max_output_tokens: 5 },
      drops: [],
    });
  });

  test('leaves out, by name, what the endpoint is known to refuse', () => {
    const { body, drops } = encodeRequest(
      request({ temperature: 1 }),
      target({ rejectedFields: ['temperature', 'top_p'] }),
    );
    expect(body).not.toHaveProperty('temperature');
    expect(drops).toEqual(['temperature']);
  });
});
