import type { Command, Option } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

interface Word {
  readonly word: string;
  readonly about: string;
}

interface CompletedCommand extends Word {
  readonly options: readonly Word[];
}

interface Tree {
  readonly commands: readonly CompletedCommand[];
  readonly globals: readonly Word[];
}

/** A script that completes commands and options in this shell, made from the very tree that parses them. */
export function completionScript(program: Command, shell: Shell): string {
  const tree = {
    commands: program.commands.map((command) => ({
      word: command.name(),
      about: command.description(),
      options: command.options.flatMap(wordsOf),
    })),
    globals: program.options.flatMap(wordsOf),
  };
  switch (shell) {
    case 'bash':
      return bash(tree);
    case 'zsh':
      return zsh(tree);
    case 'fish':
      return fish(tree);
  }
}

function wordsOf({ long, description }: Option): readonly Word[] {
  return long === undefined || long === null ? [] : [{ word: long, about: description }];
}

function words(list: readonly Word[]): string {
  return list.map(({ word }) => word).join(' ');
}

function bash({ commands, globals }: Tree): string {
  const cases = commands.map(({ word, options }) => `    ${word}) words="${words(options)} $words" ;;`);
  return `# router completion for bash: source <(router completion bash)
_router() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="" word
  if [[ $previous == -c || $previous == --config ]]; then
    COMPREPLY=($(compgen -f -- "$current"))
    return
  fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in ${commands.map(({ word }) => word).join('|')}) command="$word"; break ;; esac
  done
  local words="${words(globals)}"
  case "$command" in
${cases.join('\n')}
    "") words="${words(commands)} $words" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _router router`;
}

function zsh({ commands, globals }: Tree): string {
  const quoted = ({ word, about }: Word) => `'${word}:${about.replaceAll("'", "'\\''").replaceAll(':', '\\:')}'`;
  const cases = commands.map(({ word, options }) => `    ${word}) options+=(${options.map(quoted).join(' ')}) ;;`);
  return `#compdef router
# router completion for zsh: source <(router completion zsh)
_router() {
  local -a commands options
  commands=(${commands.map(quoted).join(' ')})
  options=(${globals.map(quoted).join(' ')})
  if [[ $words[CURRENT-1] == (-c|--config) ]]; then
    _files
    return
  fi
  local command=\${words[(r)(${commands.map(({ word }) => word).join('|')})]}
  case "$command" in
${cases.join('\n')}
    '') _describe command commands ;;
  esac
  _describe option options
}
compdef _router router`;
}

function fish({ commands, globals }: Tree): string {
  const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const option = (condition: string, { word, about }: Word) =>
    `complete -c router${condition} -l ${word.slice(2)} -d ${quoted(about)}`;
  const names = words(commands);
  return [
    '# router completion for fish: router completion fish | source',
    'complete -c router -f',
    ...commands.map(
      ({ word, about }) =>
        `complete -c router -n 'not __fish_seen_subcommand_from ${names}' -a ${word} -d ${quoted(about)}`,
    ),
    'complete -c router -s c -r -F',
    ...globals.map((one) => option('', one)),
    ...commands.flatMap(({ word, options }) =>
      options.map((one) => option(` -n '__fish_seen_subcommand_from ${word}'`, one)),
    ),
  ].join('\n');
}
