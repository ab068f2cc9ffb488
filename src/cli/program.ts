import { type Command, CommanderError } from 'commander';
import { commandHint } from './command-hints.ts';
import { commandTree, type Work } from './command-tree.ts';
import { type Context, createContext, type GlobalOptions } from './context.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { CommandError, printFailure, printReport } from './report.ts';

/** Runs one command line; resolves with the code for the process to end with. Never rejects. */
export async function runProgram(args: readonly string[], version: string): Promise<number> {
  let code: ExitCode = exitCodes.ok;
  const program = commandTree(version, async (work) => {
    code = await carryOut(createContext(globalOptions(program), version), work);
  });
  prepare(program);
  try {
    await program.parseAsync(withCommand(program, args), { from: 'user' });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return exitCodes.ok;
    // The options may not have been read when parsing failed.
    const context = createContext({ ...globalOptions(program), json: args.includes('--json') }, version);
    return printFailure(context, thrown instanceof CommanderError ? usageError(thrown) : thrown);
  }
}

async function carryOut(context: Context, work: Work): Promise<ExitCode> {
  try {
    const result = await work(context);
    return typeof result === 'number' ? result : printReport(context, result);
  } catch (thrown) {
    return printFailure(context, thrown);
  }
}

/** commander writes usage errors by itself and ends the process; both are ours to do. */
function prepare(program: Command): void {
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ outputError: () => undefined });
    command.allowExcessArguments(false).showSuggestionAfterError(true);
  }
}

function globalOptions(program: Command): GlobalOptions {
  const given = program.opts<Partial<GlobalOptions>>();
  return {
    config: given.config ?? [],
    json: given.json === true,
    quiet: given.quiet === true,
    verbose: given.verbose === true,
    color: given.color !== false,
    input: given.input !== false,
  };
}

function usageError(thrown: CommanderError): CommandError {
  const message = thrown.message.replace(/^error: /, '').replace(/\n/g, ' ');
  return new CommandError('usage', message, {
    hint: 'run `router --help`, or `router COMMAND --help`',
    exitCode: exitCodes.usage,
  });
}

/** `router` alone, or with options only, means `router serve`. */
function withCommand(program: Command, args: readonly string[]): readonly string[] {
  const word = firstWord(program, args);
  if (word === undefined) return args.some((arg) => ['-h', '--help'].includes(arg)) ? args : ['serve', ...args];
  if (word === 'help') return helpAsOption(program, args);
  refuseUnknown(program, word);
  return args;
}

function refuseUnknown(program: Command, word: string): void {
  const names = program.commands.map((command) => command.name());
  if (names.includes(word)) return;
  throw new CommandError('usage', `there is no command "${word}"`, {
    hint: commandHint(word, [...names, 'help']),
    exitCode: exitCodes.usage,
  });
}

/** `router help serve` means `router serve --help`. */
function helpAsOption(program: Command, args: readonly string[]): readonly string[] {
  const rest = args.filter((_, index) => index !== args.indexOf('help'));
  const about = firstWord(program, rest);
  if (about !== undefined && about !== 'help') refuseUnknown(program, about);
  return about === undefined || about === 'help' ? ['--help'] : [about, '--help'];
}

/** The first argument that is neither an option nor the value of one. */
function firstWord(program: Command, args: readonly string[]): string | undefined {
  const options = [program, ...program.commands].flatMap((command) => command.options);
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    if (arg === '--') return args[index + 1];
    if (!arg.startsWith('-')) return arg;
    const option = options.find(({ short, long }) => short === arg || long === arg);
    if (option?.required === true) index += 1;
  }
  return undefined;
}
