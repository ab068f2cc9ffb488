import { expect } from 'vitest';
import { lastBody, listen, type Pair } from './exchange.ts';
import { type Scenario, sameCalls } from './scenarios.ts';
import type { Ask, Call, Tool, Turn } from './vocabulary.ts';

function tool(name: string): Tool {
  const parameters = { type: 'object', properties: { key: { type: 'string' } }, required: ['key'] };
  return { name, description: `Looks up ${name}`, parameters };
}

const tools = [tool('find_person'), tool('find_place')];

/** The same tool twice in one turn, and again in the next: only ids tell them apart. */
const rounds: readonly (readonly Call[])[] = [
  [
    { id: 'call_a1', name: 'find_person', input: { key: 'Ada' } },
    { id: 'call_a2', name: 'find_person', input: { key: 'Bob' } },
    { id: 'call_a3', name: 'find_place', input: { key: 'Rome' } },
  ],
  [
    { id: 'call_b1', name: 'find_place', input: { key: 'Oslo' } },
    { id: 'call_b2', name: 'find_person', input: { key: 'Ada' } },
  ],
];

function resultOf(call: Call, round: number): string {
  return `round ${round}: ${call.name} found ${String(call.input.key)}`;
}

/** The upstream sees its own calls again, by its own ids and names, each with its result. */
function checkHistory(pair: Pair, answered: readonly (readonly Call[])[]): void {
  const { calls, results } = pair.row.history(lastBody(pair));
  const expected = answered.flat();
  expect(calls.map(({ name, input }) => ({ name, input }))).toEqual(
    expected.map(({ name, input }) => ({ name, input })),
  );
  const texts = answered.flatMap((round, number) => round.map((call) => resultOf(call, number)));
  expect(results).toHaveLength(texts.length);
  for (const [index, result] of results.entries()) {
    expect(result.text).toContain(texts[index]);
    if (result.name !== undefined) expect(result.name).toBe(expected[index]?.name);
    expect(result.id).toBe(calls[index]?.id);
  }
  const ids = calls.map(({ id }) => id);
  if (!ids.includes(undefined)) expect(new Set(ids).size).toBe(ids.length);
  if (pair.client.hasCallIds) expect(ids).toEqual(expected.map(({ id }) => id));
}

interface Manner {
  readonly stream: boolean;
  /** Each turn with calls begins with thoughts, which go back with it, sealed as the upstream sealed them. */
  readonly reasoning?: boolean;
}

/** Reasoning goes back to who sealed it, as it came. */
function checkSeal(pair: Pair): void {
  const { seal } = pair.row;
  if (seal !== undefined && pair.client.keepsSeals) expect(JSON.stringify(lastBody(pair))).toMatch(seal);
}

/** Three turns: parallel calls, more of them, and the answer. */
export function toolLoop({ stream, reasoning = false }: Manner): Scenario {
  return async (pair) => {
    const turns: Turn[] = [{ role: 'user', text: 'Who is where?' }];
    const ask = (): Ask => ({ model: pair.model, stream, tools, turns, reasoning });
    for (const [number, calls] of rounds.entries()) {
      const heard = await listen(pair, ask(), { calls, ...(reasoning && { reasoning: `Thought ${number}.` }) });
      sameCalls(pair, heard.calls, calls);
      checkHistory(pair, rounds.slice(0, number));
      const results = heard.calls.map((call) => ({ call, text: resultOf(call, number) }));
      turns.push({ role: 'assistant', heard }, { role: 'tool', results });
    }
    const heard = await listen(pair, ask(), { text: 'Everyone is in Rome.' });
    expect(heard.text).toBe('Everyone is in Rome.');
    expect(heard.finish).toBe('stop');
    checkHistory(pair, rounds);
    if (reasoning) checkSeal(pair);
  };
}
