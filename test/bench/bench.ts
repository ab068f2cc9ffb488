// Measures the built binary side by side with its peers and against the budgets of the product:
//
//   npm run bench                        builds, runs everything (about ten minutes), writes dist/bench.json
//   npm run bench -- --quick             windows of one second: rough figures, to see whether all of it works
//   npm run bench -- --only request-cpu  one case; may be given more than once
//   npm run bench -- --json FILE         writes the figures there instead
//   npm run bench -- --check             exits 1 when a must was missed
//
// Wants a machine that does nothing else, nginx and wrk. Everything happens on loopback, on ports that are free.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Bench, BenchCase, Row } from './case.ts';
import { agentBody } from './cases/agent-body.ts';
import { eventCpu } from './cases/event-cpu.ts';
import { firstAnswer } from './cases/first-answer.ts';
import { heldStreams } from './cases/held-streams.ts';
import { latency } from './cases/latency.ts';
import { memory } from './cases/memory.ts';
import { mixedMemory } from './cases/mixed-memory.ts';
import { requestCpu } from './cases/request-cpu.ts';
import { size } from './cases/size.ts';
import { stall } from './cases/stall.ts';
import { throughput } from './cases/throughput.ts';
import { translatedEvent, translatedRequest } from './cases/translated.ts';
import { ttft } from './cases/ttft.ts';
import { version } from './cases/version.ts';
import { installed } from './installed.ts';
import { describeMachine } from './machine.ts';
import { installPortkey } from './portkey.ts';
import { Processes } from './processes.ts';
import { missingPrograms } from './programs.ts';
import { detailText, machineText, missedText, tableText } from './table.ts';

const cases: readonly BenchCase[] = [
  requestCpu,
  eventCpu,
  agentBody,
  throughput,
  latency,
  ttft,
  heldStreams,
  stall,
  memory,
  mixedMemory,
  version,
  firstAnswer,
  size,
  translatedRequest,
  translatedEvent,
];

const root = resolve(import.meta.dirname, '../..');
const binary = join(root, 'dist/router');

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    json: { type: 'string', default: join(root, 'dist/bench.json') },
    check: { type: 'boolean', default: false },
  },
});

function note(text: string): void {
  console.error(text);
}

function chosenCases(): readonly BenchCase[] {
  const unknown = flags.only.filter((name) => !cases.some((one) => one.name === name));
  if (unknown.length > 0)
    fail([`no case is called ${unknown.join(', ')}: ${cases.map(({ name }) => name).join(', ')}`]);
  return flags.only.length === 0 ? cases : cases.filter(({ name }) => flags.only.includes(name));
}

function fail(problems: readonly string[]): never {
  for (const problem of problems) note(`bench: ${problem}`);
  process.exit(1);
}

async function runAll(chosen: readonly BenchCase[], bench: Bench): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const one of chosen) {
    note(`${one.name} …`);
    rows.push(...(await one.run(bench)));
  }
  return rows;
}

function report(rows: readonly Row[]): void {
  const machine = describeMachine();
  const file = resolve(flags.json);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ machine, quick: flags.quick, rows }, null, 2)}\n`);
  console.log(`\n${machineText(machine)}${flags.quick ? ' (quick: rough figures)' : ''}\n`);
  console.log(tableText(rows));
  console.log(`\n${detailText(rows)}\n`);
  note(`written to ${file}`);
}

async function main(): Promise<void> {
  const chosen = chosenCases();
  const problems = missingPrograms(binary);
  if (problems.length > 0) fail(problems);
  const directory = mkdtempSync(join(tmpdir(), 'router-bench-'));
  const processes = new Processes();
  process.once('exit', () => {
    processes.destroy();
    rmSync(directory, { recursive: true, force: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const needsPortkey = chosen.includes(throughput);
  const rows = await runAll(chosen, {
    directory,
    processes,
    binary: installed(binary, directory),
    portkey: needsPortkey ? installPortkey(note) : { kind: 'missing', reason: 'not asked for' },
    isQuick: flags.quick,
    windowSeconds: flags.quick ? 1 : 5,
    pairs: flags.quick ? 3 : 7,
    note,
  });
  report(rows);
  const missed = missedText(rows);
  if (missed !== undefined) note(missed);
  process.exitCode = flags.check && missed !== undefined ? 1 : 0;
}

await main();
