import type { CanonicalResponse } from '../protocols/canonical.ts';

/** What an answer says and calls, its reasoning left out. */
export function answerText({ choices }: CanonicalResponse): string {
  return choices
    .flatMap(({ content }) => content)
    .map((part) => {
      if (part.kind === 'text' || part.kind === 'refusal') return part.text;
      return part.kind === 'tool-call' ? `${part.name} ${part.arguments}` : '';
    })
    .join('\n');
}

/** Words of the two texts that are in both, as a share of all: 1 for the same words, 0 for none in common. */
export function similarity(one: string, other: string): number {
  const first = countsOf(one);
  const second = countsOf(other);
  let common = 0;
  let all = 0;
  for (const [word, count] of first) {
    common += Math.min(count, second.get(word) ?? 0);
    all += count;
  }
  for (const count of second.values()) all += count;
  return all === 0 ? 1 : Math.round((2 * common * 1_000) / all) / 1_000;
}

function countsOf(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
