import { argumentsText } from './call-arguments.ts';
import { isObject } from './fields.ts';

/** Where the API's documentation has one put arguments that are no JSON object. */
const invalidKey = 'INVALID_JSON';

/** A call's arguments as the object that the wire demands: none is {}, unreadable ones are wrapped, never lost. */
export function inputOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(argumentsText(text));
    if (isObject(parsed)) return parsed;
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
  }
  return { [invalidKey]: text };
}

/** The reverse of `inputOf`. */
export function argumentsOf(input: unknown): string {
  if (isObject(input)) {
    const wrapped = input[invalidKey];
    if (typeof wrapped === 'string' && Object.keys(input).length === 1) return wrapped;
  }
  return JSON.stringify(input ?? {});
}
