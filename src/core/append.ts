/** Adds `more` at the end of `list`. Not by spreading it into a call: a list of 200,000 overflows the stack there. */
export function append<T>(list: T[], more: readonly T[]): void {
  for (const one of more) list.push(one);
}
