import { exitCodes } from './exit-codes.ts';
import { CommandError } from './report.ts';

export interface Choice {
  readonly value: string;
  readonly label: string;
  readonly hint?: string | undefined;
}

/** Questions on stderr, since stdout is for data. Each throws `interrupted` when the person leaves. */
export interface Prompts {
  /** All are chosen to begin with. */
  many(message: string, choices: readonly Choice[]): Promise<readonly string[]>;
  text(message: string, initial: string): Promise<string>;
}

/** Only to be made when somebody is there. */
export async function terminalPrompts(): Promise<Prompts> {
  const { multiselect, text } = await import('@clack/prompts');
  const output = process.stderr;
  return {
    async many(message, choices) {
      const options = choices.map(({ value, label, hint }) => ({
        value,
        label,
        ...(hint === undefined ? {} : { hint }),
      }));
      const initialValues = choices.map(({ value }) => value);
      const answer = await multiselect<string>({ message, options, initialValues, required: false, output });
      // A symbol is how the prompts say that the person left.
      if (typeof answer === 'symbol') throw left();
      return answer;
    },
    async text(message, initial) {
      const answer = await text({ message, initialValue: initial, output });
      if (typeof answer === 'symbol') throw left();
      return answer;
    },
  };
}

function left(): CommandError {
  return new CommandError('interrupted', 'nothing was written', { exitCode: exitCodes.interrupted });
}
