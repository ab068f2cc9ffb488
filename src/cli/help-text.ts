import { exitCodes } from './exit-codes.ts';

/** What each exit code means, for help and documentation. */
export const exitMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: 'ok',
  failed: 'failed',
  usage: 'usage',
  config: 'configuration',
  unreachable: 'no router reachable',
  interrupted: 'interrupted',
};

type Meaning = keyof typeof exitCodes;

interface CommandHelp {
  readonly examples: readonly string[];
  /** Those that this command can end with; `ok` and `usage` belong to each. */
  readonly ends: readonly Meaning[];
}

/** What is printed below the options of a command. */
const helps: Readonly<Record<string, CommandHelp>> = {
  init: {
    examples: [
      'router init',
      'router init --yes --print',
      'router init --template hybrid -c ~/.config/router/router.yaml',
    ],
    ends: ['failed', 'config', 'interrupted'],
  },
  serve: {
    examples: ['router serve', 'router serve --demo --no-discovery', 'router serve --json --listen 127.0.0.1:0'],
    ends: ['failed', 'config', 'interrupted'],
  },
  route: {
    examples: ['router route llama3.1', 'router route auto --tokens 20000', 'router route assistant --send "hello"'],
    ends: ['failed', 'config', 'unreachable'],
  },
  models: {
    examples: ['router models', 'router models --local', 'router models --json'],
    ends: ['failed', 'config', 'unreachable'],
  },
  doctor: { examples: ['router doctor', 'router doctor --config-only -c router.yaml'], ends: ['failed', 'config'] },
  trust: { examples: ['router trust', 'router trust router.yaml'], ends: ['failed'] },
  config: { examples: ['router config schema > router.schema.json', 'router config path'], ends: [] },
  completion: { examples: ['source <(router completion bash)'], ends: [] },
  version: { examples: ['router version --json'], ends: [] },
};

/** Examples and exit codes of a command; empty for one without. */
export function helpAfter(command: string): string {
  const help = helps[command];
  if (help === undefined) return '';
  const examples = ['Examples:', ...help.examples.map((line) => `  ${line}`)];
  return ['', ...examples, '', exitLine(help.ends)].join('\n');
}

/** One line; in the order of the numbers. */
export function exitLine(ends: readonly Meaning[]): string {
  const names = (Object.keys(exitCodes) as Meaning[]).filter((name) => ['ok', 'usage', ...ends].includes(name));
  return `Exit codes: ${names.map((name) => `${exitCodes[name]} ${exitMeanings[name]}`).join(', ')}`;
}
