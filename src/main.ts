import manifest from '../package.json' with { type: 'json' };
import { endWhenUnwritable } from './cli/unwritable.ts';

/**
 * Answers `--version` before anything else is loaded: scripts ask it often. In the single binary as under node, two
 * words come before the arguments.
 */
async function main(args: readonly string[]): Promise<number> {
  endWhenUnwritable(process);
  if (args[0] === '--version' || args[0] === '-V') {
    process.stdout.write(`${manifest.version}\n`);
    return 0;
  }
  const { runProgram } = await import('./cli/program.ts');
  return runProgram(args, manifest.version);
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
