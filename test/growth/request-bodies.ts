import type { Inbound, JsonObject } from '../../src/protocols/protocol.ts';

/** A body that holds `count` of one thing. */
export type Shape = (count: number) => JsonObject;

const pixel = 'iVBORw0KGgo=';
const schema = { type: 'object', properties: { city: { type: 'string' } } };
const said = { user: 'Hello there', assistant: 'Good day' } as const;

export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** Each of `list` of every kind in turn. */
function inTurn<T>(count: number, ...makes: readonly ((index: number) => T)[]): T[] {
  return times(count, (index) => (makes[index % makes.length] as (index: number) => T)(index));
}

function fieldsNamed(count: number, value: unknown): JsonObject {
  return Object.fromEntries(times(count, (index) => [`field_${index}`, value]));
}

const wideSchema = (count: number) => ({ type: 'object', properties: fieldsNamed(count, { type: 'string' }) });
const manyOf = (count: number) => ({ type: 'object', anyOf: times(count, () => ({ type: 'string' })) });
const enumOf = (count: number) => ({ type: ['string', 'null'], enum: times(count, String) });

/** Texts that patterns stumble over: what they look for at the end stands behind much that looks like it. */
const oddTexts: Readonly<Record<string, (count: number) => string>> = {
  'white space': (count) => `${' '.repeat(count)}x`,
  'line ends': (count) => `${'\n'.repeat(count)}x`,
  backslashes: (count) => '\\'.repeat(count),
  'angle brackets': (count) => '<'.repeat(count),
  'opened tags': (count) => '<think>'.repeat(count),
  'one letter': (count) => 'a'.repeat(count),
  'white space after': (count) => `x${' '.repeat(count)}x`,
};

function withTexts(shape: (text: string) => JsonObject): Readonly<Record<string, Shape>> {
  return Object.fromEntries(
    Object.entries(oddTexts).map(([name, text]) => [`text of ${name}`, (count: number) => shape(text(count))]),
  );
}

const chatUser = { role: 'user', content: said.user };
const chatImage = { type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } };
const chatCall = (index: number) => ({
  id: `call_${index}`,
  type: 'function',
  function: { name: `tool_${index}`, arguments: '{"city":"Rome"}' },
});
const chatResult = (index: number) => ({ role: 'tool', tool_call_id: `call_${index}`, content: 'Rain.' });
const chatTool = (index: number) => ({ type: 'function', function: { name: `tool_${index}`, parameters: schema } });
const chatOf = (messages: readonly unknown[], more: JsonObject = {}): JsonObject => ({ model: 'm', messages, ...more });

const chat: Readonly<Record<string, Shape>> = {
  'messages of the user': (count) => chatOf(times(count, () => chatUser)),
  'messages of the assistant': (count) =>
    chatOf([chatUser, ...times(count, () => ({ role: 'assistant', content: said.assistant }))]),
  'system messages': (count) => chatOf(times(count, () => ({ role: 'system', content: 'Be brief.' }))),
  'system messages in the middle': (count) =>
    chatOf([chatUser, ...times(count, () => ({ role: 'system', content: 'Be brief.' }))]),
  'instructions among messages': (count) =>
    chatOf(
      inTurn<unknown>(
        count,
        () => chatUser,
        () => ({ role: 'developer', content: 'Be brief.' }),
        () => ({ role: 'assistant', content: said.assistant }),
      ),
    ),
  'messages in turn': (count) =>
    chatOf(
      inTurn<unknown>(
        count,
        () => chatUser,
        () => ({ role: 'assistant', content: said.assistant, reasoning_content: 'Hm.' }),
      ),
    ),
  'empty messages': (count) => chatOf(times(count, () => ({ role: 'user', content: '' }))),
  'named messages': (count) => chatOf(times(count, (index) => ({ ...chatUser, name: `user_${index}` }))),
  'text parts': (count) => chatOf([{ role: 'user', content: times(count, () => ({ type: 'text', text: said.user })) }]),
  'text parts of the assistant': (count) =>
    chatOf([chatUser, { role: 'assistant', content: times(count, () => ({ type: 'text', text: said.assistant })) }]),
  'system parts': (count) =>
    chatOf([{ role: 'system', content: times(count, () => ({ type: 'text', text: 'Be brief.' })) }, chatUser]),
  images: (count) => chatOf([{ role: 'user', content: times(count, () => chatImage) }]),
  files: (count) =>
    chatOf([
      {
        role: 'user',
        content: times(count, (index) => ({
          type: 'file',
          file: { filename: `${index}.pdf`, file_data: 'data:application/pdf;base64,aGk=' },
        })),
      },
    ]),
  'files of one name': (count) =>
    chatOf([
      {
        role: 'user',
        content: times(count, () => ({
          type: 'file',
          file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,aGk=' },
        })),
      },
    ]),
  'tool calls': (count) =>
    chatOf([chatUser, { role: 'assistant', content: null, tool_calls: times(count, chatCall) }], {
      tools: times(count, chatTool),
    }),
  'tool calls and their results': (count) =>
    chatOf(
      [chatUser, { role: 'assistant', tool_calls: times(count, chatCall) }, ...times(count, chatResult).toReversed()],
      { tools: times(count, chatTool) },
    ),
  'turns with a tool call each': (count) =>
    chatOf([
      chatUser,
      ...times(count, (index) => [{ role: 'assistant', tool_calls: [chatCall(index)] }, chatResult(index)]).flat(),
    ]),
  'tool results of no call': (count) => chatOf([chatUser, ...times(count, chatResult)]),
  'tool results with images': (count) =>
    chatOf([
      chatUser,
      { role: 'assistant', tool_calls: times(count, chatCall) },
      ...times(count, (index) => ({ ...chatResult(index), content: [chatImage] })),
    ]),
  'long tool names': (count) =>
    chatOf(
      [
        chatUser,
        {
          role: 'assistant',
          tool_calls: times(count, (index) => ({
            id: `c${index}`,
            type: 'function',
            function: { name: `a.long/name ${'x'.repeat(70)}${index}`, arguments: '{}' },
          })),
        },
      ],
      {
        tools: times(count, (index) => ({
          type: 'function',
          function: { name: `a.long/name ${'x'.repeat(70)}${index}`, parameters: schema },
        })),
      },
    ),
  'allowed tools': (count) =>
    chatOf([chatUser], {
      tools: times(count, chatTool),
      tool_choice: {
        type: 'allowed_tools',
        allowed_tools: {
          mode: 'auto',
          tools: times(count, (index) => ({ type: 'function', function: { name: `tool_${index}` } })),
        },
      },
    }),
  functions: (count) =>
    chatOf([chatUser], { functions: times(count, (index) => ({ name: `tool_${index}`, parameters: schema })) }),
  'schema properties': (count) =>
    chatOf([chatUser], { tools: [{ type: 'function', function: { name: 't', parameters: wideSchema(count) } }] }),
  'schema alternatives': (count) =>
    chatOf([chatUser], { tools: [{ type: 'function', function: { name: 't', parameters: manyOf(count) } }] }),
  'schema values': (count) =>
    chatOf([chatUser], { tools: [{ type: 'function', function: { name: 't', parameters: enumOf(count) } }] }),
  'output schema': (count) =>
    chatOf([chatUser], {
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: wideSchema(count) } },
    }),
  'stop words': (count) => chatOf([chatUser], { stop: times(count, String) }),
  'biased tokens': (count) => chatOf([chatUser], { logit_bias: fieldsNamed(count, 1) }),
  metadata: (count) => chatOf([chatUser], { metadata: fieldsNamed(count, 'x') }),
  'unknown fields': (count) => chatOf([chatUser], fieldsNamed(count, 1)),
  'details of reasoning': (count) =>
    chatOf([
      chatUser,
      {
        role: 'assistant',
        content: said.assistant,
        reasoning_details: times(count, (index) => ({ type: 'reasoning.text', text: 'Hm.', index })),
      },
    ]),
  'messages with sealed reasoning': (count) =>
    chatOf([
      chatUser,
      ...times(count, () => ({
        role: 'assistant',
        content: said.assistant,
        reasoning_details: [{ type: 'reasoning.encrypted', data: 'c2VhbGVk', format: 'anthropic-claude-v1' }],
      })),
    ]),
  ...withTexts((text) => chatOf([chatUser, { role: 'assistant', content: text }, { role: 'user', content: text }])),
};

const completions: Readonly<Record<string, Shape>> = {
  'stop words': (count) => ({ model: 'm', prompt: 'x', stop: times(count, String) }),
  'unknown fields': (count) => ({ model: 'm', prompt: 'x', ...fieldsNamed(count, 1) }),
  ...withTexts((prompt) => ({ model: 'm', prompt })),
};

const responsesUser = { role: 'user', content: said.user };
const responsesCall = (index: number) => ({
  type: 'function_call',
  call_id: `call_${index}`,
  name: `tool_${index}`,
  arguments: '{}',
});
const responsesResult = (index: number) => ({
  type: 'function_call_output',
  call_id: `call_${index}`,
  output: 'Rain.',
});
const responsesTool = (index: number) => ({ type: 'function', name: `tool_${index}`, parameters: schema });
const reasoningItem = (index: number) => ({
  type: 'reasoning',
  id: `rs_${index}`,
  summary: [{ type: 'summary_text', text: 'Hm.' }],
  encrypted_content: 'c2VhbGVk',
});
const itemsOf = (input: readonly unknown[], more: JsonObject = {}): JsonObject => ({ model: 'm', input, ...more });

const responses: Readonly<Record<string, Shape>> = {
  'messages of the user': (count) => itemsOf(times(count, () => responsesUser)),
  'messages of the assistant': (count) =>
    itemsOf([
      responsesUser,
      ...times(count, () => ({ role: 'assistant', content: [{ type: 'output_text', text: said.assistant }] })),
    ]),
  'instructions in the middle': (count) =>
    itemsOf([responsesUser, ...times(count, () => ({ role: 'developer', content: 'Be brief.' }))]),
  'messages in turn': (count) =>
    itemsOf(
      inTurn<unknown>(
        count,
        () => responsesUser,
        () => ({ role: 'assistant', content: said.assistant }),
      ),
    ),
  'text parts': (count) =>
    itemsOf([{ role: 'user', content: times(count, () => ({ type: 'input_text', text: said.user })) }]),
  images: (count) =>
    itemsOf([
      {
        role: 'user',
        content: times(count, () => ({ type: 'input_image', image_url: `data:image/png;base64,${pixel}` })),
      },
    ]),
  'tool calls and their results': (count) =>
    itemsOf([responsesUser, ...times(count, responsesCall), ...times(count, responsesResult)], {
      tools: times(count, responsesTool),
    }),
  'turns with a tool call each': (count) =>
    itemsOf([responsesUser, ...times(count, (index) => [responsesCall(index), responsesResult(index)]).flat()]),
  'parts of a tool result': (count) =>
    itemsOf([
      responsesUser,
      responsesCall(0),
      { ...responsesResult(0), output: times(count, () => ({ type: 'input_text', text: 'Rain.' })) },
    ]),
  'reasoning items': (count) => itemsOf([responsesUser, ...times(count, reasoningItem)]),
  'reasoning and calls in turn': (count) =>
    itemsOf([responsesUser, ...inTurn<unknown>(count, reasoningItem, responsesCall, responsesResult)]),
  'paragraphs of a summary': (count) =>
    itemsOf([
      responsesUser,
      { type: 'reasoning', id: 'rs_1', summary: times(count, () => ({ type: 'summary_text', text: 'Hm.' })) },
    ]),
  tools: (count) => itemsOf([responsesUser], { tools: times(count, responsesTool) }),
  'tools of a namespace': (count) =>
    itemsOf([responsesUser], {
      tools: [{ type: 'namespace', name: 'group', description: 'x', tools: times(count, responsesTool) }],
    }),
  'custom tools': (count) =>
    itemsOf([responsesUser], { tools: times(count, (index) => ({ type: 'custom', name: `tool_${index}` })) }),
  'allowed tools': (count) =>
    itemsOf([responsesUser], {
      tools: times(count, responsesTool),
      tool_choice: {
        type: 'allowed_tools',
        mode: 'auto',
        tools: times(count, (index) => ({ type: 'function', name: `tool_${index}` })),
      },
    }),
  include: (count) => itemsOf([responsesUser], { include: times(count, String) }),
  'unknown items': (count) => itemsOf([responsesUser, ...times(count, (index) => ({ type: `odd_${index}` }))]),
  'unknown fields': (count) => itemsOf([responsesUser], fieldsNamed(count, 1)),
  ...withTexts((text) => itemsOf([responsesUser], { instructions: text })),
};

const claudeUser = { role: 'user', content: said.user };
const claudeUse = (index: number) => ({ type: 'tool_use', id: `toolu_${index}`, name: `tool_${index}`, input: {} });
const claudeResult = (index: number) => ({ type: 'tool_result', tool_use_id: `toolu_${index}`, content: 'Rain.' });
const claudeImage = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixel } };
const claudeTool = (index: number) => ({ name: `tool_${index}`, input_schema: schema });
const claudeOf = (messages: readonly unknown[], more: JsonObject = {}): JsonObject => ({
  model: 'claude-sonnet-4-5',
  max_tokens: 10,
  messages,
  ...more,
});

const messages: Readonly<Record<string, Shape>> = {
  'messages of the user': (count) => claudeOf(times(count, () => claudeUser)),
  'messages of the assistant': (count) =>
    claudeOf([claudeUser, ...times(count, () => ({ role: 'assistant', content: said.assistant }))]),
  'messages in turn': (count) =>
    claudeOf(
      inTurn<unknown>(
        count,
        () => claudeUser,
        () => ({ role: 'assistant', content: said.assistant }),
      ),
    ),
  'system messages in the middle': (count) =>
    claudeOf([claudeUser, ...times(count, () => ({ role: 'system', content: 'Be brief.' }))]),
  'system blocks': (count) =>
    claudeOf([claudeUser], {
      system: times(count, () => ({ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } })),
    }),
  'text blocks': (count) =>
    claudeOf([{ role: 'user', content: times(count, () => ({ type: 'text', text: said.user })) }]),
  images: (count) => claudeOf([{ role: 'user', content: times(count, () => claudeImage) }]),
  documents: (count) =>
    claudeOf([
      {
        role: 'user',
        content: times(count, () => ({
          type: 'document',
          title: 'One title',
          source: { type: 'text', media_type: 'text/plain', data: 'x' },
        })),
      },
    ]),
  'tool calls and their results': (count) =>
    claudeOf(
      [
        claudeUser,
        { role: 'assistant', content: times(count, claudeUse) },
        { role: 'user', content: times(count, claudeResult).toReversed() },
      ],
      { tools: times(count, claudeTool) },
    ),
  'turns with a tool call each': (count) =>
    claudeOf(
      times(count, (index) => [
        claudeUser,
        { role: 'assistant', content: [claudeUse(index)] },
        { role: 'user', content: [claudeResult(index)] },
      ]).flat(),
    ),
  'tool results in messages of their own': (count) =>
    claudeOf([
      claudeUser,
      { role: 'assistant', content: times(count, claudeUse) },
      ...times(count, (index) => ({ role: 'user', content: [claudeResult(index)] })),
    ]),
  'tool results with images': (count) =>
    claudeOf([
      claudeUser,
      { role: 'assistant', content: times(count, claudeUse) },
      { role: 'user', content: times(count, (index) => ({ ...claudeResult(index), content: [claudeImage] })) },
    ]),
  'tool references': (count) =>
    claudeOf(
      [
        claudeUser,
        { role: 'assistant', content: [claudeUse(0)] },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 'toolu_0',
              content: times(count, (index) => ({ type: 'tool_reference', tool_name: `tool_${index}` })),
            },
          ],
        },
      ],
      { tools: times(count, (index) => ({ ...claudeTool(index), defer_loading: true })) },
    ),
  'thinking blocks': (count) =>
    claudeOf([
      claudeUser,
      {
        role: 'assistant',
        content: times(count, () => ({ type: 'thinking', thinking: 'Hm.', signature: 'c2VhbGVk' })),
      },
    ]),
  tools: (count) => claudeOf([claudeUser], { tools: times(count, claudeTool), tool_choice: { type: 'any' } }),
  'unknown tools': (count) =>
    claudeOf([claudeUser], { tools: times(count, (index) => ({ type: `odd_${index}`, name: `t${index}` })) }),
  'unknown tool fields': (count) => claudeOf([claudeUser], { tools: [{ ...claudeTool(0), ...fieldsNamed(count, 1) }] }),
  'stop words': (count) => claudeOf([claudeUser], { stop_sequences: times(count, String) }),
  'unknown fields': (count) => claudeOf([claudeUser], fieldsNamed(count, 1)),
  ...withTexts((text) => claudeOf([claudeUser, { role: 'assistant', content: text }], { system: text })),
};

const geminiUser = { role: 'user', parts: [{ text: said.user }] };
const geminiModel = { role: 'model', parts: [{ text: said.assistant }] };
const geminiCall = (index: number) => ({ functionCall: { name: `tool_${index}`, args: {} } });
const geminiCallOfId = (index: number) => ({ functionCall: { id: `c${index}`, name: `tool_${index}`, args: {} } });
const geminiAnswer = (index: number) => ({
  functionResponse: { name: `tool_${index}`, response: { output: 'Rain.' } },
});
const geminiAnswerOfId = (index: number) => ({
  functionResponse: { id: `c${index}`, name: `tool_${index}`, response: { output: 'Rain.' } },
});
const contentsOf = (contents: readonly unknown[], more: JsonObject = {}): JsonObject => ({ contents, ...more });
const declarations = (count: number) => [
  { functionDeclarations: times(count, (index) => ({ name: `tool_${index}`, parameters: schema })) },
];

const gemini: Readonly<Record<string, Shape>> = {
  'contents of the user': (count) => contentsOf(times(count, () => geminiUser)),
  'contents of the model': (count) => contentsOf([geminiUser, ...times(count, () => geminiModel)]),
  'thoughts in contents of their own': (count) =>
    contentsOf([
      geminiUser,
      ...times(count, () => ({ role: 'model', parts: [{ text: 'Hm.', thought: true }] })),
      geminiUser,
    ]),
  'contents in turn': (count) =>
    contentsOf(
      inTurn<unknown>(
        count,
        () => geminiUser,
        () => geminiModel,
      ),
    ),
  'text parts': (count) => contentsOf([{ role: 'user', parts: times(count, () => ({ text: said.user })) }]),
  'signed text parts': (count) =>
    contentsOf([
      geminiUser,
      { role: 'model', parts: times(count, () => ({ text: 'Hm.', thoughtSignature: 'c2VhbGVk' })) },
    ]),
  images: (count) =>
    contentsOf([{ role: 'user', parts: times(count, () => ({ inlineData: { mimeType: 'image/png', data: pixel } })) }]),
  'calls without ids and their results': (count) =>
    contentsOf(
      [
        geminiUser,
        { role: 'model', parts: times(count, geminiCall) },
        { role: 'user', parts: times(count, geminiAnswer).toReversed() },
      ],
      { tools: declarations(count) },
    ),
  'calls of one name without ids': (count) =>
    contentsOf([
      geminiUser,
      { role: 'model', parts: times(count, () => geminiCall(0)) },
      { role: 'user', parts: times(count, () => geminiAnswer(0)) },
    ]),
  'results of no call': (count) => contentsOf([geminiUser, { role: 'user', parts: times(count, geminiAnswer) }]),
  'calls with ids and their results': (count) =>
    contentsOf([
      geminiUser,
      { role: 'model', parts: times(count, geminiCallOfId) },
      { role: 'user', parts: times(count, geminiAnswerOfId).toReversed() },
    ]),
  'calls that take the ids that others would get': (count) =>
    contentsOf([
      geminiUser,
      {
        role: 'model',
        parts: times(2 * count, (index) =>
          index < count
            ? { functionCall: { id: `call_${count + index}`, name: 't', args: {} } }
            : { functionCall: { name: 't', args: {} } },
        ),
      },
    ]),
  'results in contents of their own': (count) =>
    contentsOf([
      geminiUser,
      { role: 'model', parts: times(count, geminiCallOfId) },
      ...times(count, (index) => ({ role: 'user', parts: [geminiAnswerOfId(index)] })),
    ]),
  'system parts': (count) =>
    contentsOf([geminiUser], { systemInstruction: { parts: times(count, () => ({ text: 'Be brief.' })) } }),
  tools: (count) => contentsOf([geminiUser], { tools: declarations(count) }),
  'allowed tools': (count) =>
    contentsOf([geminiUser], {
      tools: declarations(count),
      toolConfig: {
        functionCallingConfig: { mode: 'ANY', allowedFunctionNames: times(count, (index) => `tool_${index}`) },
      },
    }),
  'schema properties': (count) =>
    contentsOf([geminiUser], {
      generationConfig: { responseMimeType: 'application/json', responseSchema: wideSchema(count) },
    }),
  'stop words': (count) => contentsOf([geminiUser], { generationConfig: { stopSequences: times(count, String) } }),
  'unknown fields': (count) =>
    contentsOf([geminiUser], { ...fieldsNamed(count, 1), generationConfig: fieldsNamed(count, 1) }),
  'fields of both spellings': (count) =>
    contentsOf([geminiUser], Object.fromEntries(times(count, (index) => [`snake_field_${index}`, index]))),
  ...withTexts((text) => contentsOf([geminiUser, { role: 'model', parts: [{ text }] }], { systemInstruction: text })),
};

const ollamaUser = { role: 'user', content: said.user };
const ollamaCall = (index: number) => ({ function: { name: `tool_${index}`, arguments: { city: 'Rome' } } });

const ollama: Readonly<Record<string, Shape>> = {
  'messages of the user': (count) => chatOf(times(count, () => ollamaUser)),
  'messages in turn': (count) =>
    chatOf(
      inTurn<unknown>(
        count,
        () => ollamaUser,
        () => ({ role: 'assistant', content: said.assistant, thinking: 'Hm.' }),
      ),
    ),
  images: (count) => chatOf([{ ...ollamaUser, images: times(count, () => pixel) }]),
  'tool calls and their results': (count) =>
    chatOf([
      ollamaUser,
      { role: 'assistant', content: '', tool_calls: times(count, ollamaCall) },
      ...times(count, (index) => ({ role: 'tool', tool_name: `tool_${index}`, content: 'Rain.' })).toReversed(),
    ]),
  'tool calls of one name': (count) =>
    chatOf([
      ollamaUser,
      { role: 'assistant', content: '', tool_calls: times(count, () => ollamaCall(0)) },
      ...times(count, () => ({ role: 'tool', tool_name: 'tool_0', content: 'Rain.' })),
    ]),
  'tool results without a name': (count) =>
    chatOf([
      ollamaUser,
      { role: 'assistant', content: '', tool_calls: times(count, ollamaCall) },
      ...times(count, () => ({ role: 'tool', content: 'Rain.' })),
    ]),
  'tool calls with ids': (count) =>
    chatOf([
      ollamaUser,
      { role: 'assistant', tool_calls: times(count, (index) => ({ id: `c${index}`, ...ollamaCall(index) })) },
      ...times(count, (index) => ({ role: 'tool', tool_call_id: `c${index}`, content: 'Rain.' })).toReversed(),
    ]),
  tools: (count) => chatOf([ollamaUser], { tools: times(count, chatTool) }),
  'stop words': (count) => chatOf([ollamaUser], { options: { stop: times(count, String) } }),
  options: (count) => chatOf([ollamaUser], { options: fieldsNamed(count, 1) }),
  'unknown fields': (count) => chatOf([ollamaUser], fieldsNamed(count, 1)),
  ...withTexts((text) => chatOf([ollamaUser, { role: 'assistant', content: text }])),
};

const generate: Readonly<Record<string, Shape>> = {
  images: (count) => ({ model: 'm', prompt: 'x', images: times(count, () => pixel) }),
  'unknown fields': (count) => ({ model: 'm', prompt: 'x', ...fieldsNamed(count, 1) }),
  ...withTexts((prompt) => ({ model: 'm', prompt })),
};

const shapes: Readonly<Record<string, Readonly<Record<string, Shape>>>> = {
  'chat_completions chat': chat,
  'chat_completions completions': completions,
  'responses chat': responses,
  'messages chat': messages,
  'generate_content chat': gemini,
  'ollama chat': ollama,
  'ollama completions': generate,
};

/** All bodies that a client of this format can make long. */
export function requestShapes({ id }: Pick<Inbound, 'id'>): Readonly<Record<string, Shape>> {
  const found = shapes[`${id.protocol} ${id.operation}`];
  if (found === undefined) throw new Error(`no long bodies are known of ${id.protocol} ${id.operation}`);
  return found;
}
