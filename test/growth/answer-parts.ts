import type { BlockStart, Part } from '../../src/protocols/canonical.ts';
import { times } from './request-bodies.ts';

const start: Part = { kind: 'start', id: 'a1', model: 'm', created: 1 };
const usage: Part = { kind: 'usage', usage: { input: 1, output: 1 } };

function finish(choice = 0, reason: 'stop' | 'tool-calls' = 'stop'): Part {
  return { kind: 'finish', choice, reason };
}

function begin(block: number, content: BlockStart): Part {
  return { kind: 'block-start', choice: 0, block, content };
}

function delta(block: number, text: string): Part {
  return { kind: 'block-delta', choice: 0, block, text };
}

function end(block: number): Part {
  return { kind: 'block-end', choice: 0, block };
}

function call(block: number): Part {
  return begin(block, { kind: 'tool-call', id: `call_${block}`, name: `tool_${block}` });
}

/** One block whose text comes in these pieces. */
function inPieces(content: BlockStart, pieces: readonly string[]): readonly Part[] {
  return [begin(0, content), ...pieces.map((text) => delta(0, text)), end(0)];
}

function answer(parts: readonly Part[], reason: 'stop' | 'tool-calls' = 'stop'): readonly Part[] {
  return [start, ...parts, finish(0, reason), usage];
}

const logprob = { token: 'x', logprob: -1, bytes: [120], top: [{ token: 'x', logprob: -1, bytes: [120] }] };
const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

/** Answers that hold much of one thing, as the parts of a stream. */
export const longAnswers: Readonly<Record<string, (count: number) => readonly Part[]>> = {
  'pieces of text': (count) =>
    answer(
      inPieces(
        { kind: 'text' },
        times(count, () => 'word '),
      ),
    ),
  'pieces of reasoning': (count) =>
    answer(
      inPieces(
        { kind: 'reasoning' },
        times(count, () => 'word '),
      ),
    ),
  'pieces of a refusal': (count) =>
    answer(
      inPieces(
        { kind: 'refusal' },
        times(count, () => 'word '),
      ),
    ),
  'pieces of white space': (count) =>
    answer(
      inPieces({ kind: 'text' }, [
        ...times(count, () => '\n'),
        'x',
        ...times(count, () => ' '),
        'y',
        ...times(count, () => '\t'),
      ]),
    ),
  'white space before a think tag': (count) =>
    answer(inPieces({ kind: 'text' }, [...times(count, () => '\n'), '<think>Hm.</think>Hi'])),
  'white space in tagged reasoning': (count) =>
    answer(
      inPieces({ kind: 'text' }, ['<think>a', ...times(count, () => ' '), 'b</think>', ...times(count, () => ' ')]),
    ),
  'pieces of a think tag': (count) =>
    answer(inPieces({ kind: 'text' }, ['<think>', ...times(count, () => '<'), ...times(count, () => '</think')])),
  'text and reasoning in turn': (count) =>
    answer(
      times(count, (block) => [
        begin(block, block % 2 === 0 ? { kind: 'text' } : { kind: 'reasoning' }),
        delta(block, 'word'),
        end(block),
      ]).flat(),
    ),
  'text and refusals in turn': (count) =>
    answer(
      times(count, (block) => [
        begin(block, block % 2 === 0 ? { kind: 'text' } : { kind: 'refusal' }),
        delta(block, 'word'),
        end(block),
      ]).flat(),
    ),
  'tool calls one after the other': (count) =>
    answer(
      times(count, (block) => [call(block), delta(block, '{"city":'), delta(block, '"Rome"}'), end(block)]).flat(),
      'tool-calls',
    ),
  'tool calls without arguments': (count) =>
    answer(times(count, (block) => [call(block), end(block)]).flat(), 'tool-calls'),
  'tool calls that all stay open': (count) =>
    answer(
      [
        ...times(count, call),
        ...times(count, (block) => delta(block, '{"city":')),
        ...times(count, (block) => delta(block, '"Rome"}')),
        ...times(count, end),
      ],
      'tool-calls',
    ),
  'tool calls that end in the order of a stack': (count) =>
    answer([...times(count, call), ...times(count, end).toReversed()], 'tool-calls'),
  'tool calls whose arguments are cut off': (count) =>
    answer(times(count, (block) => [call(block), delta(block, '{"a')]).flat(), 'tool-calls'),
  'pieces of arguments': (count) =>
    answer(
      [call(0), delta(0, '{"a":"'), ...times(count, () => delta(0, 'word ')), delta(0, '"}'), end(0)],
      'tool-calls',
    ),
  'objects in arguments': (count) => answer([call(0), ...times(count, () => delta(0, '{}')), end(0)], 'tool-calls'),
  'white space behind arguments': (count) =>
    answer([call(0), delta(0, '{}'), ...times(count, () => delta(0, ' ')), end(0)], 'tool-calls'),
  'nested arguments': (count) => answer([call(0), delta(0, nested(Math.min(count, 300))), end(0)], 'tool-calls'),
  'sealed reasoning': (count) =>
    answer(
      times(count, (block): readonly Part[] => [
        begin(block, { kind: 'reasoning' }),
        delta(block, 'word'),
        { kind: 'block-end', choice: 0, block, seal: { protocol: 'messages', value: 'c2VhbA==' } },
      ]).flat(),
    ),
  'sealed calls': (count) =>
    answer(
      times(count, (block): readonly Part[] => [
        begin(block, {
          kind: 'tool-call',
          id: `call_${block}`,
          name: 't',
          seal: { protocol: 'generate_content', value: 'c2VhbA==' },
        }),
        delta(block, '{}'),
        end(block),
      ]).flat(),
      'tool-calls',
    ),
  'log probabilities': (count) =>
    answer([
      begin(0, { kind: 'text' }),
      ...times(count, (): readonly Part[] => [
        delta(0, 'x'),
        { kind: 'logprobs', choice: 0, logprobs: [logprob] },
      ]).flat(),
      end(0),
    ]),
  'log probabilities at once': (count) =>
    answer([
      begin(0, { kind: 'text' }),
      delta(0, 'x'),
      { kind: 'logprobs', choice: 0, logprobs: times(count, () => logprob) },
      end(0),
    ]),
  choices: (count) => [
    start,
    ...times(count, (choice): readonly Part[] => [
      { kind: 'block-start', choice, block: choice, content: { kind: 'text' } },
      { kind: 'block-delta', choice, block: choice, text: 'x' },
      { kind: 'block-end', choice, block: choice },
    ]).flat(),
    ...times(count, (choice) => finish(choice)),
    usage,
  ],
  'counts of tokens': (count) => [
    start,
    begin(0, { kind: 'text' }),
    delta(0, 'x'),
    ...times(count, () => usage),
    end(0),
    finish(),
  ],
};
