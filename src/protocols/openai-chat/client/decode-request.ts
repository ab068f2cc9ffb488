import { unknownFields } from '../../extensions.ts';
import { optionalBoolean, optionalObject, optionalString } from '../../fields.ts';
import { decodeParameters, parameterFields } from '../../openai/decode-parameters.ts';
import type { DecodedRequest, JsonObject } from '../../protocol.ts';
import { formatId } from '../wire.ts';
import { decodeMessages } from './decode-messages.ts';
import { decodeToolChoice, decodeTools } from './decode-tools.ts';

const knownFields = new Set<string>([
  ...parameterFields,
  'model',
  'messages',
  'tools',
  'functions',
  'tool_choice',
  'function_call',
  'stream',
  'stream_options',
]);

/** Decodes a whole request. What chat completions alone knows is kept as its extension. */
export function decodeRequest(body: JsonObject): DecodedRequest {
  const drops = new Set<string>();
  const stream = optionalBoolean(body, 'stream') ?? false;
  const streamOptions = optionalObject(body, 'stream_options');
  const tools = decodeTools(body, drops);
  const request = {
    model: optionalString(body, 'model') ?? '',
    messages: decodeMessages(body, drops),
    tools,
    // A choice among no tools is an error at most upstreams.
    toolChoice: tools.length === 0 ? undefined : decodeToolChoice(body, drops),
    ...decodeParameters(body, drops),
    stream,
    includeUsage: streamOptions?.include_usage === true,
    extensions: unknownFields(body, knownFields, formatId.protocol),
  };
  return { request, drops: [...drops] };
}
