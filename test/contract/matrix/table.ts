/** Collects how each cell of the matrix came out and prints it, a line a pair. */
export class Table {
  readonly #columns: readonly string[];
  readonly #cells = new Map<string, string>();
  readonly #pairs: (readonly [string, string])[] = [];

  constructor(columns: readonly string[]) {
    this.#columns = columns;
  }

  pair(inbound: string, outbound: string): void {
    this.#pairs.push([inbound, outbound]);
  }

  pass(inbound: string, outbound: string, column: string): void {
    this.#cells.set(`${inbound}|${outbound}|${column}`, '✓');
  }

  /** A hole needs a name: why this pair cannot have it. */
  excuse(inbound: string, outbound: string, { column, reason }: { column: string; reason: string }): void {
    if (reason.trim() === '') throw new Error(`a hole without a reason: ${inbound} → ${outbound}, ${column}`);
    this.#cells.set(`${inbound}|${outbound}|${column}`, reason);
  }

  /** Cells that neither passed nor have a reason. */
  get holes(): readonly string[] {
    return this.#pairs.flatMap(([inbound, outbound]) =>
      this.#columns
        .filter((column) => !this.#cells.has(`${inbound}|${outbound}|${column}`))
        .map((column) => `${inbound} → ${outbound}: ${column}`),
    );
  }

  toString(): string {
    const names = this.#pairs.map(([inbound, outbound]) => `${inbound} → ${outbound}`);
    const width = Math.max(...names.map((name) => name.length));
    const reasons = new Map<string, string>();
    const lines = this.#pairs.map(([inbound, outbound], i) => {
      const marks = this.#columns.map((column) => {
        const cell = this.#cells.get(`${inbound}|${outbound}|${column}`) ?? '✗';
        return this.#mark(cell, reasons).padEnd(column.length);
      });
      return `${(names[i] as string).padEnd(width)}  ${marks.join('  ')}`.trimEnd();
    });
    const head = `${''.padEnd(width)}  ${this.#columns.join('  ')}`;
    const notes = [...reasons].map(([reason, letter]) => `  ${letter}  ${reason}`);
    return ['', head, ...lines, ...notes, ''].join('\n');
  }

  #mark(cell: string, reasons: Map<string, string>): string {
    if (cell === '✓' || cell === '✗') return cell;
    const letter = reasons.get(cell) ?? String.fromCharCode('a'.charCodeAt(0) + reasons.size);
    reasons.set(cell, letter);
    return letter;
  }
}
