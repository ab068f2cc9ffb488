import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { parseListen } from '../config/listen.ts';
import { protocolNames } from '../core/model.ts';
import { shells } from './completion.ts';
import { configTopics } from './config-topics.ts';
import type { Context } from './context.ts';
import type { ExitCode } from './exit-codes.ts';
import { exitLine, helpAfter } from './help-text.ts';
import type { Report } from './report.ts';

/** A command's work: a report to print, or only the code when it has printed by itself. */
export type Work = (context: Context) => Promise<Report | ExitCode>;

/** Carries out what was asked for. */
export type Execute = (work: Work) => Promise<void>;

const logLevels = ['debug', 'info', 'warn', 'error'];

/** The whole command line: names, options, help. What a command does is loaded when it runs. */
export function commandTree(version: string, execute: Execute): Command {
  const program = new Command('router')
    .description('One address for every model on your machine: local first, hosted when that fails.')
    .usage('[command] [options]')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help, of a command when it is named')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'after',
      `\nWithout a command: router serve\n${exitLine(['failed', 'config', 'unreachable', 'interrupted'])}`,
    );
  addGlobalOptions(program);
  addInit(program, execute);
  addServe(program, execute);
  addRoute(program, execute);
  addModels(program, execute);
  addDoctor(program, execute);
  addTrust(program, execute);
  addConfig(program, execute);
  addCompletion(program, execute);
  addVersion(program, execute);
  for (const command of program.commands) command.addHelpText('after', helpAfter(command.name()));
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
    .option('--listen <host:port>', 'address to listen on, else 127.0.0.1:4356; port 0 takes a free one', address)
    .option('--demo', 'add the embedded demo engine (demo:echo, demo:fail)')
    .option('--no-discovery', 'do not look for servers on this machine')
    .addOption(new Option('--log-level <level>', 'least important lines to log').choices(logLevels))
    .addOption(new Option('--log-format <format>', 'pretty on a terminal, json else').choices(['pretty', 'json']))
    .action((options) => execute(async (context) => (await import('./commands/serve.ts')).serve(context, options)));
}

function addRoute(program: Command, execute: Execute): void {
  program
    .command('route')
    .description('explain where a model name leads, and why')
    .argument('<model>', 'name as a client would ask for it')
    .option('--send <text>', 'send this to it and stream the answer')
    .addOption(
      new Option('--protocol <name>', 'what the client speaks').choices(protocolNames).default('chat_completions'),
    )
    .option('--tokens <number>', 'prompt tokens to reckon the price with', wholeNumber)
    .option('--local-only', 'as a request that may not leave the local network')
    .action((model, options) =>
      execute(async (context) => (await import('./commands/route.ts')).route(context, model, options)),
    );
}

function addModels(program: Command, execute: Execute): void {
  program
    .command('models')
    .description('list what can be called')
    .option('--provider <id>', 'only what this provider serves')
    .option('--local', 'only what stays in the local network')
    .option('--hosted', 'only what runs elsewhere')
    .action((options) => execute(async (context) => (await import('./commands/models.ts')).models(context, options)));
}

function addInit(program: Command, execute: Execute): void {
  program
    .command('init')
    .description('write a router.yaml from what is found here (-c names the file)')
    .option('-y, --yes', 'take everything without asking')
    .option('--force', 'replace an existing file and keep it as .bak')
    .option('--print', 'print instead of writing')
    .option(
      '--template <name>',
      'write a template: local, hybrid, bitrouter, gateway, lan, docker, compose, kubernetes',
    )
    .action((options) => execute(async (context) => (await import('./commands/init.ts')).init(context, options)));
}

function addTrust(program: Command, execute: Execute): void {
  program
    .command('trust')
    .description('let a configuration that lies in the working directory use your keys')
    .argument('[file]', 'the file; without it the one found here')
    .action((file) => execute(async (context) => (await import('./commands/trust.ts')).trust(context, file)));
}

function addDoctor(program: Command, execute: Execute): void {
  program
    .command('doctor')
    .description('check everything, and say what to do about what fails')
    .option('--config-only', 'only the configuration; needs no secrets and no servers')
    .action((options) => execute(async (context) => (await import('./commands/doctor.ts')).doctor(context, options)));
}

function addCompletion(program: Command, execute: Execute): void {
  program
    .command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>').choices(shells))
    .action((shell) => execute(async () => (await import('./commands/completion.ts')).completion(program, shell)));
}

function addConfig(program: Command, execute: Execute): void {
  program
    .command('config')
    .description('print the JSON Schema of the file for editors, or the path of the file that is read here')
    .addArgument(new Argument('<what>').choices(configTopics))
    .action((topic) => execute(async (context) => (await import('./commands/config.ts')).config(context, topic)));
}

function addVersion(program: Command, execute: Execute): void {
  program
    .command('version')
    .description('print the version')
    .action(() => execute(async (context) => (await import('./commands/version.ts')).version(context)));
}

function address(text: string): string {
  if (parseListen(text) === undefined)
    throw new InvalidArgumentError('write host:port, as 127.0.0.1:4356 or [::1]:4356.');
  return text;
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('a whole number is wanted.');
  return Number(text);
}
