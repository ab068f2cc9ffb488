/**
 * What becomes of a command whose output cannot be written. `router models | head -1` closes it early, which is not a
 * failure; a full disk is one, and is told. What a command says on stderr is beside its work, which goes on without.
 */
export function endWhenUnwritable(process: NodeJS.Process): void {
  process.stderr.on('error', ignore);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    process.stderr.write(`error: the output cannot be written: ${error.message}\n`);
    process.exit(1);
  });
}

/** From here on nothing that cannot be written ends the process. */
export function outliveUnwritable(process: NodeJS.Process): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners('error');
    stream.on('error', ignore);
  }
}

function ignore(): void {}
