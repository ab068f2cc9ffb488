import { GatewayError } from '../../core/errors.ts';
import { asArray, asText, isObject } from '../fields.ts';
import { chunkMeaning, interestingChunk } from '../openai/chunk-meaning.ts';
import { editCompletion } from '../openai/edit-body.ts';
import { doneMarker } from '../openai/envelope.ts';
import { classifyError, isErrorBody } from '../openai/errors.ts';
import { operationPath } from '../openai/path.ts';
import { decodeUsage } from '../openai/usage.ts';
import type { Inspector } from '../protocol.ts';
import { completionsPath, formatId } from './wire.ts';

/** Legacy completions are passed through; an upstream without them is asked in chat completions. */
export const inspector: Inspector = {
  id: formatId,
  path: (target) => operationPath(completionsPath, target),
  mustTranslate: (_body, { endpoint }) => endpoint.quirks.completions === false,
  meaning: (event, data, target) =>
    chunkMeaning({ event, data }, target, (choice) => asText(choice.text) !== undefined),
  answer(body, target) {
    if (isErrorBody(body)) throw classifyError(200, {}, JSON.stringify(body), target);
    const choices = asArray(body.choices).filter(isObject);
    if (choices.length === 0 || choices.some((choice) => typeof choice.text !== 'string')) {
      throw new GatewayError('upstream_invalid', 'The upstream answered without a text.');
    }
    return { usage: decodeUsage(body.usage) };
  },
  edit: editCompletion,
  endMarker: doneMarker,
  interesting: interestingChunk,
  classifyError,
};
