import { stripVTControlCharacters } from 'node:util';

/** Columns that line up, two spaces apart; colours take no room, and no line ends in spaces. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, index) =>
    Math.max(...rows.map((row) => widthOf(row[index] ?? ''))),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - widthOf(cell)))
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
}

function widthOf(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}
