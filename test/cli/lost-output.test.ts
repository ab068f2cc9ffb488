import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeUpstream, faults, startFake } from '../support/fake-upstream.ts';
import { type Fate, type Outputs, Sandbox, type UnheardCli } from '../support/run-cli.ts';

/** Where writes fail for want of room; Linux has one. */
const hasFullDisk = existsSync('/dev/full');

let sandbox: Sandbox;
let fake: FakeUpstream;

beforeEach(async () => {
  sandbox = new Sandbox();
  fake = await startFake({ kind: 'openai', models: ['m'] });
});
afterEach(async () => {
  await sandbox[Symbol.asyncDispose]();
  await fake.close();
});

function serve(outputs: Outputs, ...args: readonly string[]): Promise<UnheardCli> {
  const yaml = `discovery: { servers: [] }\nproviders: { p: { api_base: "${fake.baseUrl}", models: [m] } }\n`;
  return sandbox.serveUnheard(['-c', sandbox.write('r.yaml', yaml), ...args], outputs);
}

/** Requests between two looks at what was lost. */
const round = 20;
/** Fills a pipe, and what is held for it, with fewer lines. */
const longName = 'n'.repeat(5_000);

/** A stream that is under way meanwhile, and requests until their lines are lost. */
async function exercise(router: UnheardCli): Promise<void> {
  fake.queueFaults(faults.stallAfterEvents(3));
  const stream = await router.chat({ model: 'm', stream: true });
  await fake.stalled();
  do {
    for (let index = 0; index < round; index++) {
      expect((await router.chat({ model: longName })).status).toBe(404);
    }
  } while ((await router.log()).lost_lines === 0);
  expect((await router.chat({ model: 'm' })).status).toBe(200);
  fake.release();
  expect(await stream.text()).toContain('[DONE]');
}

describe('a router whose log cannot be written', () => {
  const fates: readonly (readonly [Fate, RegExp])[] = [
    ['closed', /reader is gone/],
    ['unread', /nothing reads/],
    ...(hasFullDisk ? ([['full', /disk is full/]] as const) : []),
  ];

  test.each(fates)(
    '%s: answers, counts what is lost, says so, and ends with 0',
    async (stderr, reason) => {
      const router = await serve({ stdout: 'read', stderr });
      await exercise(router);
      const log = await router.log();
      expect(log.lost_lines).toBeGreaterThan(0);
      expect(log.reason).toMatch(reason);

      const listed = await sandbox.run(['models']);
      expect([listed.code, listed.stdout]).toEqual([0, expect.stringContaining('m ')]);
      expect(listed.stderr).toMatch(/warning: the running router at \S+ has lost log lines \(\d+\)/);
      const examined = await sandbox.run(['doctor', '--json']);
      const { checks } = JSON.parse(examined.stdout) as {
        checks: { check: string; status: string; message: string }[];
      };
      expect(checks.find(({ check }) => check === 'log')).toMatchObject({
        status: 'warn',
        message: expect.stringMatching(/^\d+ of its lines were lost: /),
      });

      const stoppedAt = performance.now();
      expect(await router.stop()).toBe(0);
      expect(performance.now() - stoppedAt).toBeLessThan(10_000);
    },
    60_000,
  );

  test.each(fates)('%s: it may be both outputs, with the banner and the ready line', async (fate) => {
    for (const more of [['--json'], ['--log-format', 'pretty']]) {
      const router = await serve({ stdout: fate, stderr: fate }, ...more);
      expect((await router.chat({ model: 'm' })).status).toBe(200);
      expect(await router.stop()).toBe(0);
    }
  });

  test('tells how many lines were lost as soon as something reads them again', async () => {
    const router = await serve({ stdout: 'read', stderr: 'unread' });
    await exercise(router);
    const { lost_lines: lost } = await router.log();
    const text: string[] = [];
    router.stderr.on('data', (chunk: Buffer) => text.push(chunk.toString()));
    // What was held is read first, so a few more lines may be lost.
    while (!/log-lines-lost[^\n]*\n/.test(text.join(''))) await router.chat({ model: 'again' });
    const lines = text
      .join('')
      .split('\n')
      .filter((line) => line.includes('log-lines-lost'))
      .map((line) => JSON.parse(line));
    expect(lines[0]).toMatchObject({ level: 'warn', reason: 'nothing reads them' });
    expect(lines[0].lines).toBeGreaterThanOrEqual(lost);
    expect(lines[0].message).toMatch(/^\d+ log lines were lost: /);
    expect(await router.stop()).toBe(0);
  }, 60_000);

  test('and can be written has lost nothing', async () => {
    const router = await sandbox.serve(['-c', sandbox.write('r.yaml', 'discovery: { servers: [] }\n')]);
    expect((await sandbox.run(['models'])).stderr).toBe('');
    expect(JSON.parse((await sandbox.run(['doctor', '--json'])).stdout).checks).toContainEqual({
      check: 'log',
      subject: router.url,
      status: 'ok',
      message: 'all of its lines were written',
      fix: null,
    });
  });
});

describe('a command whose output cannot be written', () => {
  const commands = [['--version'], ['--help'], ['completion', 'bash'], ['init', '--print'], ['serve', '--help']];

  test.each(commands)('%s %s: ends quietly with 0 when its reader is gone', async (...args) => {
    const { code, stderr } = await sandbox.run(args, { outputs: { stdout: 'closed' } });
    expect([code, stderr]).toEqual([0, '']);
  });

  test.skipIf(!hasFullDisk).each(commands)('%s %s: says so and ends with 1 when the disk is full', async (...args) => {
    const { code, stderr } = await sandbox.run(args, { outputs: { stdout: 'full' } });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: the output cannot be written: ENOSPC[^\n]*\n$/)]);
  });

  test.skipIf(!hasFullDisk)('does its work without its stderr', async () => {
    const { code, stdout } = await sandbox.run(['init', '--print'], { outputs: { stderr: 'full' } });
    expect([code, stdout]).toEqual([0, expect.stringContaining('providers')]);
  });
});
