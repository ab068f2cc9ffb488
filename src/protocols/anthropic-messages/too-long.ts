const anthropicWords = /prompt is too long/i;
/** The limit, in every upstream's words; first match wins. */
const limits = [
  /n_ctx\W{1,3}(\d+)/i,
  /(?:context (?:length|size|window)|maximum[a-z ]*|limit|must be <=|less than)[^\d,;.]{0,40}?(\d[\d,_]*)/i,
  /(\d[\d,_]*) maximum/i,
];
/** No part of a name or a date. */
const count = /(?<![\w.-])\d[\d,_]*(?![\w-])/g;

/**
 * A context error as Anthropic words it. Its clients read these words, and the numbers in them, to make the conversation
 * shorter and ask again; upon others they give up.
 */
export function tooLongMessage(message: string): string {
  if (anthropicWords.test(message)) return message;
  const maximum = toNumber(limits.map((limit) => limit.exec(message)?.[1]).find((digits) => digits !== undefined));
  const needed = Math.max(0, ...[...message.matchAll(count)].map(([digits]) => toNumber(digits) ?? 0));
  if (maximum === undefined || needed <= maximum) return `prompt is too long: ${message}`;
  return `prompt is too long: ${needed} tokens > ${maximum} maximum`;
}

function toNumber(digits: string | undefined): number | undefined {
  if (digits === undefined) return undefined;
  const number = Number(digits.replaceAll(/[,_]/g, ''));
  return Number.isSafeInteger(number) ? number : undefined;
}
