/*
 * The published rules of `models.generateContent`, written from the API's reference and error texts, without any code
 * of the router's: what passes here would pass there.
 */

export class InvalidArgument extends Error {}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fail(message: string): never {
  throw new InvalidArgument(message);
}

/** Fields of each message; the real API takes snake_case too, but no client of ours has a reason to send it. */
const fields = {
  request: [
    'contents',
    'systemInstruction',
    'tools',
    'toolConfig',
    'generationConfig',
    'safetySettings',
    'cachedContent',
    'serviceTier',
    'model',
  ],
  content: ['role', 'parts'],
  part: [
    'text',
    'inlineData',
    'fileData',
    'functionCall',
    'functionResponse',
    'executableCode',
    'codeExecutionResult',
    'thought',
    'thoughtSignature',
    'videoMetadata',
    'mediaResolution',
    'partMetadata',
  ],
  blob: ['mimeType', 'data'],
  file: ['mimeType', 'fileUri'],
  call: ['id', 'name', 'args'],
  response: ['id', 'name', 'response', 'parts', 'scheduling', 'willContinue'],
  responsePart: ['inlineData', 'fileData'],
  tool: ['functionDeclarations', 'googleSearch', 'codeExecution', 'urlContext'],
  declaration: [
    'name',
    'description',
    'parameters',
    'parametersJsonSchema',
    'response',
    'responseJsonSchema',
    'behavior',
  ],
  toolConfig: ['functionCallingConfig', 'retrievalConfig'],
  calling: ['mode', 'allowedFunctionNames'],
  generation: [
    'stopSequences',
    'responseMimeType',
    'responseSchema',
    'responseJsonSchema',
    'responseModalities',
    'candidateCount',
    'maxOutputTokens',
    'temperature',
    'topP',
    'topK',
    'seed',
    'presencePenalty',
    'frequencyPenalty',
    'responseLogprobs',
    'logprobs',
    'speechConfig',
    'thinkingConfig',
    'mediaResolution',
  ],
  thinking: ['includeThoughts', 'thinkingBudget', 'thinkingLevel'],
  embedding: ['model', 'content', 'taskType', 'title', 'outputDimensionality'],
} as const;

const data = [
  'text',
  'inlineData',
  'fileData',
  'functionCall',
  'functionResponse',
  'executableCode',
  'codeExecutionResult',
];

function messageAt(value: unknown, kind: keyof typeof fields, path: string): Json {
  if (!isObject(value)) fail(`Invalid value at '${path}' (type.googleapis.com)`);
  const known: readonly string[] = fields[kind];
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) {
      fail(`Invalid JSON payload received. Unknown name "${key}" at '${path}': Cannot find field.`);
    }
  }
  return value;
}

function listAt(value: unknown, path: string): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : fail(`Invalid value at '${path}', expected a list`);
}

function textAt(value: unknown, path: string): string {
  return typeof value === 'string' ? value : fail(`Invalid value at '${path}' (TYPE_STRING)`);
}

function rangeAt(config: Json, key: string, [from, to]: readonly [number, number]): void {
  const value = config[key];
  if (value === undefined) return;
  if (typeof value !== 'number' || value < from || value > to) {
    fail(`* GenerateContentRequest.generation_config.${key}: must be in the range [${from}, ${to}].`);
  }
}

function checkMedia(part: Json, path: string): void {
  if (part.inlineData !== undefined) {
    const blob = messageAt(part.inlineData, 'blob', `${path}.inline_data`);
    if (textAt(blob.mimeType, path) === '') fail(`${path}.inline_data.mime_type: must not be empty`);
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(textAt(blob.data, path))) fail(`Base64 decoding failed for ${path}`);
  }
  if (part.fileData !== undefined) {
    const file = messageAt(part.fileData, 'file', `${path}.file_data`);
    textAt(file.fileUri, `${path}.file_data.file_uri`);
    if (!/^\w+\//.test(textAt(file.mimeType, path))) fail(`Unsupported MIME type: ${String(file.mimeType)}`);
  }
}

function checkFunctionResponse(value: unknown, path: string): void {
  const response = messageAt(value, 'response', path);
  if (textAt(response.name, `${path}.name`) === '') fail(`GenerateContentRequest.${path}.name: Name cannot be empty.`);
  if (!isObject(response.response))
    fail(`Invalid value at '${path}.response' (type.googleapis.com/google.protobuf.Struct)`);
  listAt(response.parts, `${path}.parts`).forEach((part, i) => {
    checkMedia(messageAt(part, 'responsePart', `${path}.parts[${i}]`), `${path}.parts[${i}]`);
  });
}

function checkPart(value: unknown, path: string): Json {
  const part = messageAt(value, 'part', path);
  const set = data.filter((key) => part[key] !== undefined);
  if (set.length === 0)
    fail(`* GenerateContentRequest.${path}.data: required oneof field 'data' must have one initialized field`);
  if (set.length > 1) fail(`Invalid value at '${path}' (oneof), oneof field 'data' is already set.`);
  if (part.text !== undefined) textAt(part.text, `${path}.text`);
  if (part.functionCall !== undefined) {
    const call = messageAt(part.functionCall, 'call', `${path}.function_call`);
    if (textAt(call.name, path) === '')
      fail(`GenerateContentRequest.${path}.function_call.name: Name cannot be empty.`);
    if (call.args !== undefined && !isObject(call.args)) fail(`Invalid value at '${path}.function_call.args'`);
  }
  if (part.functionResponse !== undefined) checkFunctionResponse(part.functionResponse, `${path}.function_response`);
  checkMedia(part, path);
  return part;
}

interface Turn {
  readonly role: string;
  readonly parts: readonly Json[];
}

function turnAt(value: unknown, index: number): Turn {
  const path = `contents[${index}]`;
  const content = messageAt(value, 'content', path);
  const role = content.role ?? 'user';
  if (role !== 'user' && role !== 'model') fail('Please use a valid role: user, model.');
  const parts = listAt(content.parts, `${path}.parts`).map((part, i) => checkPart(part, `${path}.parts[${i}]`));
  if (parts.length === 0) fail(`* GenerateContentRequest.${path}.parts: contents.parts must not be empty.`);
  return { role, parts };
}

function countOf(turn: Turn | undefined, key: string): number {
  return turn?.parts.filter((part) => part[key] !== undefined).length ?? 0;
}

/** A call follows what a user said or a function answered; all its answers follow it, at once. */
function checkOrder(turns: readonly Turn[]): void {
  turns.forEach((turn, index) => {
    const before = turns[index - 1];
    const calls = countOf(turn, 'functionCall');
    const responses = countOf(turn, 'functionResponse');
    if (calls > 0 && (turn.role !== 'model' || before?.role !== 'user')) {
      fail(
        'Please ensure that function call turn comes immediately after a user turn or after a function response turn.',
      );
    }
    if (responses > 0 && (turn.role !== 'user' || countOf(before, 'functionCall') === 0)) {
      fail('Please ensure that function response turn comes immediately after a function call turn.');
    }
    const expected = countOf(before, 'functionCall');
    if (expected > 0 && responses !== expected) {
      fail(
        'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.',
      );
    }
  });
  if (countOf(turns.at(-1), 'functionCall') > 0) {
    fail('Please ensure that single turn requests end with a user role or the role field is empty.');
  }
}

/** Signatures that the fake itself hands out start like this; any other was not made here. */
export const signaturePrefix = 'RmFrZVNpZw';
const skipValidation = 'skip_thought_signature_validator';

function checkSignatures(turns: readonly Turn[], model: string): void {
  for (const { parts } of turns) {
    for (const { thoughtSignature } of parts) {
      if (thoughtSignature === undefined || thoughtSignature === skipValidation) continue;
      if (!String(thoughtSignature).startsWith(signaturePrefix)) fail('Thought signature is not valid.');
    }
  }
  if (!model.includes('gemini-3')) return;
  const lastQuestion = turns.findLastIndex((turn) => turn.role === 'user' && countOf(turn, 'functionResponse') === 0);
  for (const turn of turns.slice(lastQuestion + 1)) {
    const call = turn.parts.find((part) => part.functionCall !== undefined);
    if (call !== undefined && call.thoughtSignature === undefined) {
      fail('Function call is missing a thought_signature in functionCall parts.');
    }
  }
}

function checkTools(body: Json): readonly string[] {
  return listAt(body.tools, 'tools').flatMap((entry, index) => {
    const tool = messageAt(entry, 'tool', `tools[${index}]`);
    return listAt(tool.functionDeclarations, `tools[${index}].function_declarations`).map((value, i) => {
      const path = `tools[${index}].function_declarations[${i}]`;
      const declaration = messageAt(value, 'declaration', path);
      const name = textAt(declaration.name, `${path}.name`);
      if (!/^[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}$/.test(name))
        fail(`Invalid function name. Must start with a letter or an underscore: ${name}`);
      if (declaration.parameters !== undefined && declaration.parametersJsonSchema !== undefined) {
        fail(`${path}: parameters and parameters_json_schema are mutually exclusive.`);
      }
      const schema = declaration.parametersJsonSchema;
      if (schema !== undefined && (!isObject(schema) || schema.type !== 'object')) {
        fail(`${path}.parameters_json_schema: schema must describe an object`);
      }
      return name;
    });
  });
}

function checkToolConfig(body: Json, names: readonly string[]): void {
  if (body.toolConfig === undefined) return;
  const config = messageAt(body.toolConfig, 'toolConfig', 'tool_config');
  const calling = messageAt(config.functionCallingConfig, 'calling', 'tool_config.function_calling_config');
  const modes = ['AUTO', 'ANY', 'NONE', 'VALIDATED'];
  if (!modes.includes(String(calling.mode))) fail(`Invalid value at 'tool_config.function_calling_config.mode'`);
  const allowed = listAt(calling.allowedFunctionNames, 'allowed_function_names');
  if (allowed.length > 0 && calling.mode !== 'ANY' && calling.mode !== 'VALIDATED') {
    fail('allowed_function_names should only be set when function calling mode is ANY.');
  }
  for (const name of allowed) {
    if (!names.includes(String(name))) fail(`allowed_function_names contains an unknown function: ${String(name)}`);
  }
  if (names.length === 0 && calling.mode !== 'NONE')
    fail('Function calling config is set without function_declarations.');
}

function checkGeneration(body: Json, model: string): void {
  if (body.generationConfig === undefined) return;
  const config = messageAt(body.generationConfig, 'generation', 'generation_config');
  rangeAt(config, 'temperature', [0, 2]);
  rangeAt(config, 'topP', [0, 1]);
  rangeAt(config, 'candidateCount', [1, 8]);
  rangeAt(config, 'maxOutputTokens', [1, 65_536]);
  rangeAt(config, 'logprobs', [0, 20]);
  if (listAt(config.stopSequences, 'stop_sequences').length > 5) {
    fail('* GenerateContentRequest.generation_config.stop_sequences: the number of stop_sequences must not exceed 5.');
  }
  const schemas = [config.responseSchema, config.responseJsonSchema].filter((schema) => schema !== undefined);
  if (schemas.length > 1) fail('response_schema and response_json_schema are mutually exclusive.');
  if (schemas.length > 0 && config.responseMimeType !== 'application/json') {
    fail('response_schema requires response_mime_type application/json.');
  }
  if (config.logprobs !== undefined && config.responseLogprobs !== true) fail('logprobs requires response_logprobs.');
  if (config.thinkingConfig !== undefined) checkThinking(config.thinkingConfig, model);
}

function checkThinking(value: unknown, model: string): void {
  const thinking = messageAt(value, 'thinking', 'generation_config.thinking_config');
  const { thinkingBudget: budget, thinkingLevel: level } = thinking;
  if (/gemini-[12]\.[0]/.test(model)) fail('Thinking is not supported for this model.');
  if (level !== undefined && budget !== undefined)
    fail('You can only set only one of thinking budget and thinking level.');
  if (level !== undefined && model.includes('gemini-2')) fail('Thinking level is not supported for this model.');
  if (level !== undefined && !['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'].includes(String(level)))
    fail('Invalid thinking_level');
  if (level === 'MINIMAL' && model.includes('pro')) fail('Thinking level MINIMAL is not supported for this model.');
  const [from, to] = model.includes('pro') ? [128, 32_768] : [0, 24_576];
  if (typeof budget === 'number' && budget !== -1 && (budget < from || budget > to)) {
    fail(`The thinking budget ${budget} is invalid. Please choose a value between ${from} and ${to}.`);
  }
}

export function checkGenerate(body: Json, model: string): void {
  messageAt(body, 'request', '');
  if (body.systemInstruction !== undefined) {
    const system = messageAt(body.systemInstruction, 'content', 'system_instruction');
    listAt(system.parts, 'system_instruction.parts').forEach((part, i) => {
      checkPart(part, `system_instruction.parts[${i}]`);
    });
  }
  const turns = listAt(body.contents, 'contents').map(turnAt);
  if (turns.length === 0) fail('* GenerateContentRequest.contents: contents is not specified');
  checkOrder(turns);
  checkSignatures(turns, model);
  checkToolConfig(body, checkTools(body));
  checkGeneration(body, model);
}

/** Counting takes bare contents, or a whole generation that names its model again. */
export function checkCount(body: Json, model: string): void {
  const inner = body.generateContentRequest;
  if (inner === undefined) return checkGenerate({ contents: body.contents }, model);
  if (!isObject(inner)) fail('Invalid value at generate_content_request');
  if (inner.model !== `models/${model}`) fail('generate_content_request.model: unexpected model name format');
  checkGenerate(inner, model);
}

export function checkEmbedding(body: unknown, model: string, isInBatch: boolean): void {
  const request = messageAt(body, 'embedding', 'requests');
  if (isInBatch && request.model !== `models/${model}`) fail('BatchEmbedContentsRequest.requests: model is required');
  turnAt(request.content, 0);
  if (request.title !== undefined && request.taskType !== 'RETRIEVAL_DOCUMENT') {
    fail('The title is only applicable when task_type is RETRIEVAL_DOCUMENT.');
  }
}
