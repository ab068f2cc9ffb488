import { type Budget, isWithin, type Row } from './case.ts';
import type { Machine } from './machine.ts';
import { significant } from './measure.ts';

const head = ['what', 'measured', 'must', 'goal', 'met'] as const;

/** Markdown that a terminal shows well too. */
export function tableText(rows: readonly Row[]): string {
  const cells = [head, ...rows.map(cellsOf)];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  const [first = [], ...others] = cells;
  return [line(first), rule, ...others.map(line)].join('\n');
}

function cellsOf(row: Row): readonly string[] {
  const bounds = [bound(row, row.must), bound(row, row.goal)];
  if (row.kind === 'skipped') return [row.what, 'skipped', ...bounds, '–'];
  return [row.what, figure(row, row.measured), ...bounds, verdict(row, row.measured)];
}

function bound(budget: Budget, value: number | undefined): string {
  if (value === undefined) return '–';
  return `${budget.limit === 'at-most' ? '≤' : '≥'} ${figure(budget, value)}`;
}

function figure({ unit }: Budget, value: number): string {
  const text = significant(value);
  return unit === '×' ? `${text}×` : `${text} ${unit}`.trimEnd();
}

function verdict(budget: Budget, value: number): string {
  if (!isWithin(budget, value, budget.must)) return 'MISSED';
  if (budget.goal !== undefined && isWithin(budget, value, budget.goal)) return 'goal';
  return budget.must === undefined ? 'measured' : 'must';
}

/** How each figure came about, a line each. */
export function detailText(rows: readonly Row[]): string {
  return rows.map((row) => `- ${row.what}: ${row.kind === 'skipped' ? row.reason : row.detail}`).join('\n');
}

export function machineText(machine: Machine): string {
  const { cpu, cores, memoryGb, kernel, node, nginx, date } = machine;
  return `${cpu}, ${cores} cores, ${memoryGb} GB, ${kernel}, Node ${node}, nginx ${nginx}, ${date}`;
}

/** The budgets that were not kept, in words. */
export function missedText(rows: readonly Row[]): string | undefined {
  const missed = rows.filter((row) => row.kind === 'measured' && !isWithin(row, row.measured, row.must));
  if (missed.length === 0) return undefined;
  return `missed: ${missed.map(({ what }) => what).join('; ')}`;
}
