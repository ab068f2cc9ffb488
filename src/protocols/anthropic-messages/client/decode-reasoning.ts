import type { OutputFormat, ReasoningEffort, ReasoningRequest } from '../../canonical.ts';
import type { Drops } from '../../drops.ts';
import { badField, count, type Fields, object, text } from '../fields.ts';

const efforts: readonly ReasoningEffort[] = ['low', 'medium', 'high', 'xhigh', 'max'];

function decodeEffort(config: Fields | undefined): ReasoningEffort | undefined {
  const word = config?.optional('effort', text);
  if (config === undefined || word === undefined) return undefined;
  const effort = efforts.find((known) => known === word);
  if (effort === undefined) throw badField(config.path('effort'), `Input should be one of ${efforts.join(', ')}`);
  return effort;
}

/** Thinking is shown unless the client says it wants it omitted. */
function display(thinking: Fields): string | undefined {
  return thinking.optional('display', text) === 'omitted' ? undefined : 'auto';
}

export function decodeReasoning(body: Fields, drops: Drops): ReasoningRequest | undefined {
  const effort = decodeEffort(body.inner('output_config'));
  const thinking = body.inner('thinking');
  const type = thinking?.required('type', text);
  if (thinking === undefined) return effort === undefined ? undefined : { effort };
  switch (type) {
    case 'enabled':
      return { effort, budgetTokens: thinking.required('budget_tokens', count), summary: display(thinking) };
    case 'adaptive':
      return { effort, budgetTokens: -1, summary: display(thinking) };
    case 'disabled':
      return { effort: 'none', budgetTokens: 0 };
    default:
      // `between_tools` and whatever comes next: thinking of a kind that no other protocol can be asked for.
      drops.add(`thinking.${type}`);
      return effort === undefined ? undefined : { effort };
  }
}

/** `output_config.format`, or `output_format` as the beta had it. */
export function decodeOutput(body: Fields, drops: Drops): OutputFormat | undefined {
  const config = body.inner('output_config');
  for (const key of Object.keys(config?.value ?? {}))
    if (key !== 'effort' && key !== 'format') drops.add(`output_config.${key}`);
  const format = config?.inner('format') ?? body.inner('output_format');
  if (format === undefined) return undefined;
  const type = format.required('type', text);
  if (type !== 'json_schema') throw badField(format.path('type'), "Input should be 'json_schema'");
  return { kind: 'json-schema', name: 'output', schema: format.required('schema', object), strict: true };
}
