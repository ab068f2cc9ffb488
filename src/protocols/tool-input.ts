import { isObject } from './fields.ts';

/** Where the API's documentation has one put arguments that are no JSON object. */
const invalidKey = 'INVALID_JSON';

/** A call's arguments as the object that the wire demands: none is {}, unreadable ones are wrapped, never lost. */
export function inputOf(argumentsText: string): Readonly<Record<string, unknown>> {
  if (argumentsText.trim() === '') return {};
  try {
    const parsed: unknown = JSON.parse(argumentsText);
    if (isObject(parsed)) return parsed;
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
  }
  return { [invalidKey]: argumentsText };
}

/** The reverse of `inputOf`. */
export function argumentsOf(input: unknown): string {
  if (isObject(input)) {
    const wrapped = input[invalidKey];
    if (typeof wrapped === 'string' && Object.keys(input).length === 1) return wrapped;
  }
  return JSON.stringify(input ?? {});
}
