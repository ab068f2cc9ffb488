/** `text`, or its beginning and dots where it has more than `most` characters. Names come from clients, of any length. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 3)}...`;
}
