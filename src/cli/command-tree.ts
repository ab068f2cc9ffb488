import { Command, Option } from 'commander';
import type { Context } from './context.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Report } from './report.ts';

/** A command's work: a report to print, or only the code when it has printed by itself. */
export type Work = (context: Context) => Promise<Report | ExitCode>;

/** Carries out what was asked for. Completion only looks at the tree and never does. */
export type Execute = (work: Work) => Promise<void>;

const logLevels = ['debug', 'info', 'warn', 'error'];

/** The whole command line: names, options, help. What a command does is loaded when it runs. */
export function commandTree(version: string, execute: Execute): Command {
  const program = new Command('router')
    .description('One address for every model on your machine: local first, hosted when that fails.')
    .usage('[command] [options]')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', '\nWithout a command: router serve');
  addGlobalOptions(program);
  addServe(program, execute);
  return program;
}

function addGlobalOptions(program: Command): void {
  const collect = (path: string, before: readonly string[] | undefined) => [...(before ?? []), path];
  program
    .option('-c, --config <path>', 'configuration file; repeat to merge several', collect)
    .option('--json', 'print JSON on stdout')
    .option('-q, --quiet', 'print only what matters')
    .option('-v, --verbose', 'print more')
    .option('--no-color', 'print without colour')
    .option('--no-input', 'never ask');
}

function addServe(program: Command, execute: Execute): void {
  program
    .command('serve')
    .description('run the router in the foreground')
    .option('--listen <host:port>', 'address to listen on; port 0 takes a free one')
    .option('--demo', 'add the embedded demo engine (demo:echo, demo:fail)')
    .option('--no-discovery', 'do not look for servers on this machine')
    .addOption(new Option('--log-level <level>', 'least important lines to log').choices(logLevels))
    .addOption(new Option('--log-format <format>', 'pretty on a terminal, json else').choices(['pretty', 'json']))
    .action((options) => execute(async (context) => (await import('./commands/serve.ts')).serve(context, options)));
}
