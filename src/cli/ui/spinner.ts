import type { Context } from '../context.ts';

/** Shows that something is under way, to people only, for as long as it is. */
export async function withSpinner<T>(context: Context, text: string, work: () => Promise<T>): Promise<T> {
  const { stderr, options } = context;
  if (!stderr.canRedraw || options.quiet || options.json) return work();
  const { default: ora } = await import('ora');
  const spinner = ora({ text, stream: process.stderr, discardStdin: false }).start();
  try {
    return await work();
  } finally {
    spinner.stop();
  }
}
