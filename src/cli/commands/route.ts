import type { ProtocolName } from '../../core/model.ts';
import type { ExplainedCandidate, Explanation } from '../../gateway/explain.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { CommandError, type Report, type Ui } from '../report.ts';
import { openRouter, type RouterLink } from '../router-link.ts';
import { canSend, type Sent, sendText } from '../send.ts';
import { withSpinner } from '../ui/spinner.ts';
import { table } from '../ui/table.ts';
import { countText, dollarText, priceText } from '../ui/text.ts';

export interface RouteOptions {
  readonly protocol: ProtocolName;
  readonly tokens?: number | undefined;
  readonly localOnly?: boolean | undefined;
  readonly send?: string | undefined;
}

/** Explains where a name leads; with `send`, goes there. */
export async function route(context: Context, model: string, options: RouteOptions): Promise<Report> {
  if (options.send !== undefined && !canSend(options.protocol)) {
    throw new CommandError('usage', `--send does not speak ${options.protocol}`, {
      hint: 'use chat_completions, responses, messages or generate_content',
      exitCode: exitCodes.usage,
    });
  }
  const link = await withSpinner(context, 'looking for servers', () => openRouter(context));
  try {
    const { protocol, tokens, localOnly } = options;
    const explanation = await link.explain({ model, protocol, tokens, localOnly: localOnly === true });
    if (explanation.error !== null) return refusal(context, link, explanation);
    if (options.send === undefined) return explained(link, explanation);
    return await send(context, link, { explanation, protocol, text: options.send, localOnly: localOnly === true });
  } finally {
    await link.close();
  }
}

function explained(link: RouterLink, explanation: Explanation): Report {
  return {
    json: { resolved_via: link.via, ...explanation },
    human: (ui) => explanationText(ui, link, explanation),
    exitCode: exitCodes.ok,
  };
}

/** A name that leads nowhere: for scripts all that is known about it, for people why. */
function refusal({ options, stderr }: Context, link: RouterLink, explanation: Explanation): Report {
  const { error } = explanation;
  const told = [error?.message, error?.hint].filter((line) => typeof line === 'string');
  if (!options.json) {
    const lines = [...told, ...rejectedLines(stderr, explanation), aboutLine(stderr, link)];
    stderr.write(`${stderr.paint.red('error')}: ${lines.join('\n')}\n`);
  }
  return { json: { resolved_via: link.via, ...explanation }, human: () => '', exitCode: exitCodes.failed };
}

interface Sending {
  readonly explanation: Explanation;
  readonly protocol: ProtocolName;
  readonly text: string;
  readonly localOnly: boolean;
}

async function send(context: Context, link: RouterLink, sending: Sending): Promise<Report> {
  const { stdout, options, clock } = context;
  const { explanation, protocol, text, localOnly } = sending;
  const sent = await sendText({
    target: await link.target(),
    clock,
    model: explanation.model,
    protocol,
    text,
    localOnly,
    chain: explanation.chain,
    onText: (piece) => options.json || stdout.write(piece),
  });
  if (!options.json) {
    stdout.write('\n');
    context.stderr.write(`${context.stderr.paint.dim(sentText(sent))}\n`);
  }
  return { json: { resolved_via: link.via, ...explanation, sent }, human: () => '', exitCode: exitCodes.ok };
}

function sentText(sent: Sent): string {
  const counted = sent.usage === null ? undefined : `${sent.usage.input}+${sent.usage.output} tokens`;
  const parts = [
    `${sent.provider ?? '?'}:${sent.model ?? '?'}`,
    sent.first_token_ms === null ? undefined : `first token ${sent.first_token_ms} ms`,
    sent.tokens_per_second === null ? undefined : `${sent.tokens_per_second} tokens/s`,
    counted,
    sent.cost === null ? 'cost unknown' : dollarText(sent.cost),
    sent.fallback_used ? 'fallback used' : undefined,
  ];
  return parts.filter((part) => part !== undefined).join(' · ');
}

const rules: Readonly<Record<Explanation['rule'], string>> = {
  'provider-lock': 'a provider lock',
  preset: 'a preset',
  'virtual-model': 'a virtual model',
  'virtual-pattern': 'a virtual model pattern',
  model: 'an exact model id',
  'provider:model': 'provider:model',
  'provider/model': 'provider/model',
  variant: 'a variant',
  alias: 'another name of a model',
  'case-folded': 'a model id in another case',
  auto: 'the choice among chat models',
  'catch-all': 'the catch-all virtual model',
  'default-model': 'the default model',
  none: 'nothing',
};

function explanationText(ui: Ui, link: RouterLink, explanation: Explanation): string {
  const { paint } = ui;
  const pinned = explanation.pinned ? ', pinned' : '';
  const head = `${paint.bold(explanation.model)} matches ${rules[explanation.rule]} (${explanation.strategy}${pinned})`;
  const route = explanation.route === null ? [] : [`sent there by the conditional route "${explanation.route}"`];
  const tiers = (explanation.tiers ?? []).map(
    ({ tier, max_score: most, target }) => `tier ${tier} up to a score of ${most}: ${target}`,
  );
  const rows = explanation.chain.map((candidate, index) => candidateRow(ui, candidate, index));
  return [head, ...route, ...tiers, table(rows), ...rejectedLines(ui, explanation), aboutLine(ui, link)].join('\n');
}

function candidateRow({ paint }: Ui, candidate: ExplainedCandidate, index: number): readonly string[] {
  const { state, context, cost } = candidate;
  return [
    `  ${index + 1}`,
    `${candidate.provider}:${candidate.model}`,
    candidate.local ? 'local' : 'hosted',
    state === 'up' ? paint.green(state) : paint.yellow(state),
    candidate.passthrough ? candidate.protocol : `${candidate.protocol} (translated)`,
    `context ${countText(context)}`,
    cost === null ? priceText(candidate.pricing, candidate.local) : dollarText(cost),
  ];
}

function rejectedLines({ paint }: Ui, { rejected }: Explanation): readonly string[] {
  return rejected.map(({ candidate, reason }) => paint.dim(`  - ${candidate}  ${reason}`));
}

function aboutLine({ paint }: Ui, link: RouterLink): string {
  return paint.dim(`resolved by ${link.about}`);
}
