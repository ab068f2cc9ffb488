import { nearest } from '../config/near.ts';

/** What people type who know other programs of this kind, and what does that here. */
const elsewhere: Readonly<Record<string, string>> = {
  ...sameHint(
    ['ps', 'list', 'ls', 'tags', 'status', 'providers', 'show'],
    'run `router models`: it lists what can be called, and the state of each',
  ),
  ...sameHint(['start', 'up', 'run-server', 'server', 'proxy', 'listen'], 'run `router serve`'),
  ...sameHint(
    ['stop', 'down', 'kill', 'restart'],
    'end the `router serve` itself: Ctrl-C in its terminal, or `kill PID`',
  ),
  ...sameHint(['run', 'chat', 'ask', 'send'], 'run `router route MODEL --send TEXT`'),
  ...sameHint(['explain', 'resolve', 'which'], 'run `router route MODEL`'),
  ...sameHint(
    ['check', 'validate', 'test', 'diagnose'],
    'run `router doctor`, or `router doctor --config-only` for the file alone',
  ),
  ...sameHint(['setup', 'configure', 'onboard'], 'run `router init`'),
  ...sameHint(
    ['pull', 'rm', 'cp', 'create', 'push'],
    'models belong to their server: `ollama pull MODEL`, and the router finds it by itself',
  ),
  ...sameHint(['schema'], 'run `router config schema`'),
};

/** What to do instead of a command that does not exist. */
export function commandHint(word: string, names: readonly string[]): string {
  const known = Object.hasOwn(elsewhere, word) ? elsewhere[word] : undefined;
  if (known !== undefined) return known;
  const near = nearest(word, names);
  return near === undefined ? 'run `router --help` for the commands' : `did you mean \`router ${near}\`?`;
}

function sameHint(words: readonly string[], hint: string): Readonly<Record<string, string>> {
  return Object.fromEntries(words.map((word) => [word, hint]));
}
