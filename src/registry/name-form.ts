import { maxNameLength } from './plain-name.ts';

/** A name as the eye sees it: without case, accents, width and what cannot be seen, percent-encoding undone. */
export interface NameForm {
  /** Letters and digits of the first part; parts are what stands between separators of tags, providers and paths. */
  readonly head: string;
  /** The same of the other parts. */
  readonly tails: readonly string[];
  /** All parts with a "/" before and after each. */
  readonly path: string;
  /** The runs of letters and digits with a "-" before and after each. */
  readonly words: string;
  /** All letters and digits. */
  readonly squeezed: string;
  /** Short, and of the characters that names of models are made of: nothing in it can look like something else. */
  readonly isOrdinary: boolean;
}

const ordinary = /^[A-Za-z0-9._:/@+ -]*$/;
const unseen = /[\p{M}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;
const partSeparators = /[^\p{L}\p{N}._-]+/gu;
const runs = /[\p{L}\p{N}]+/gu;
const noLetter = /[^\p{L}\p{N}]+/gu;

export function formOf(name: string): NameForm {
  const text = decoded(name.slice(0, maxNameLength)).normalize('NFKD').replace(unseen, '').toLowerCase();
  const [head = '', ...tails] = text.replace(partSeparators, '/').split('/').map(squeeze);
  const words = text.match(runs) ?? [];
  return {
    head,
    tails,
    path: `/${[head, ...tails].join('/')}/`,
    words: `-${words.join('-')}-`,
    squeezed: words.join(''),
    isOrdinary: name.length <= maxNameLength && ordinary.test(name),
  };
}

function squeeze(text: string): string {
  return text.replace(noLetter, '');
}

/** Some clients encode what is encoded already. */
const maxDecodings = 3;

function decoded(text: string): string {
  let last = text;
  for (let times = 0; times < maxDecodings && last.includes('%'); times++) {
    try {
      last = decodeURIComponent(last);
    } catch {
      return last;
    }
  }
  return last;
}
