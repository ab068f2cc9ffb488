import { expect, it } from 'vitest';
import { createFakeClock } from '../support/clock.ts';
import { numbers, type Saying, startClosing, wholeAnswer } from '../support/closing-upstream.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';

const choice = (content: string, finish: string | null) => ({ index: 0, finish_reason: finish, content });

function whole(mark: string): string {
  const { content, ...rest } = choice(mark, 'stop');
  return JSON.stringify({ object: 'chat.completion', choices: [{ ...rest, message: { role: 'assistant', content } }] });
}

function stream(mark: string): string {
  const event = (content: string, finish: string | null) => {
    const { content: text, ...rest } = choice(content, finish);
    return `data: ${JSON.stringify({ object: 'chat.completion.chunk', choices: [{ ...rest, delta: { content: text } }] })}\n\n`;
  };
  return `${event(mark, null)}${event('', 'stop')}data: [DONE]\n\n`;
}

/** What the upstream does with a request, by the word in it; and what becomes of it. */
const kinds = ['good', 'good-stream', 'refused', 'cut', 'cut-stream', 'no-json', 'no-model'] as const;
type Kind = (typeof kinds)[number];

function answer(body: string): Saying {
  const mark = /#\d+#/.exec(body)?.[0] ?? '';
  if (body.includes('refused')) {
    return { bytes: wholeAnswer('{"error":{"message":"no"}}').replace('200 OK', '400 Bad Request') };
  }
  const isStream = body.includes('"stream":true');
  const bytes = isStream ? wholeAnswer(stream(mark), 'text/event-stream') : wholeAnswer(whole(mark));
  if (!body.includes('cut')) return { bytes };
  // A stream behind its first event, so that its client has seen some of it.
  const end = isStream ? bytes.indexOf('\n\n', bytes.indexOf('data:')) + 2 : bytes.length - 10;
  return { bytes: bytes.slice(0, end), isCut: true };
}

async function ask(app: RunningApp, kind: Kind, number: number): Promise<{ status: number; text: string }> {
  const messages = [{ role: 'user', content: `${kind} #${number}#` }];
  const wish = { model: kind === 'no-model' ? 'unknown' : 'm', messages, stream: kind.endsWith('stream') };
  const body = kind === 'no-json' ? '{"model":' : JSON.stringify(wish);
  const response = await app.post('/v1/chat/completions', body);
  return { status: response.status, text: await response.text() };
}

it('mixed requests are answered while their server closes idle connections, and none is done twice', async () => {
  const random = numbers(5);
  await using upstream = await startClosing({ answer, idleMs: 3, random });
  await using app = await startApp({
    // Stands still: a machine that is busy elsewhere takes no request for one that was worked on.
    clock: createFakeClock(),
    yaml: `providers: { p: { api_base: "${upstream.origin}/v1", models: [m] } }\n`,
  });
  const total = 500;
  let begun = 0;
  const wrong: string[] = [];
  const expected: Readonly<Record<Kind, number>> = {
    good: 200,
    'good-stream': 200,
    refused: 400,
    cut: 502,
    'cut-stream': 200,
    'no-json': 400,
    'no-model': 404,
  };
  const work = async () => {
    while (begun < total) {
      const number = begun++;
      // Two in three are good.
      const kind = kinds[number % 3 === 0 ? number % kinds.length : number % 2] as Kind;
      const { status, text } = await ask(app, kind, number);
      const isRight = status === expected[kind] && (!kind.startsWith('good') || text.includes(`#${number}#`));
      if (!isRight) wrong.push(`${kind} ${number}: ${status} ${text}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  expect(wrong).toEqual([]);
  expect(upstream.repeatedLate).toEqual([]);
  expect(upstream.closings).toBeGreaterThan(20);
  expect(new Set(app.settled.map(({ requestId }) => requestId)).size).toBe(app.settled.length);
});
