import { chatStreamRequest } from '../bodies.ts';
import { type Bench, type BenchCase, measured } from '../case.ts';
import { openFilesLimit, resident, significant } from '../measure.ts';
import { startPaced } from '../paced.ts';
import { startRouter } from '../router.ts';
import { keepAliveAgent, readStream, type StreamReport } from '../stream-client.ts';

const budget = {
  what: 'streams held at once, none stalled',
  unit: '',
  limit: 'at-least',
  must: 4_000,
  goal: 10_000,
} as const;

const steps = [1_000, 4_000, 10_000] as const;
const intervalMs = 250;
/** A silence that a reader would notice. */
const stallMs = 2_000;
/** All of them ask in the same moment, so the last one waits for all others to be begun. */
const firstMs = 10_000;
/** Of files that are not streams. */
const spareFiles = 200;

export const heldStreams: BenchCase = {
  name: 'held-streams',
  async run(bench) {
    const limit = openFilesLimit();
    const details: string[] = [];
    let held = 0;
    for (const count of bench.isQuick ? [steps[0], steps[1]] : steps) {
      // The router has a connection on both sides of each.
      if (2 * count + spareFiles > limit) {
        details.push(`${count} not tried: ulimit -n is ${limit}`);
        break;
      }
      const { text, isHeld } = await hold(bench, count);
      details.push(text);
      if (!isHeld) break;
      held = count;
    }
    return [measured(budget, held, details.join('; '))];
  },
};

/** A fresh router each, so that the memory told is that of so many streams. */
async function hold(bench: Bench, count: number): Promise<{ readonly text: string; readonly isHeld: boolean }> {
  await using paced = await startPaced(bench, intervalMs);
  await using router = await startRouter(bench, { upstream: paced.url });
  const events = ((bench.isQuick ? 3 : 10) * 1_000) / intervalMs;
  const agent = keepAliveAgent();
  const asked = { url: `${router.url}/v1/chat/completions`, body: chatStreamRequest(events), agent };
  let peakMb = 0;
  const watch = setInterval(() => {
    peakMb = Math.max(peakMb, resident(router.pid).totalMb);
  }, 250);
  const reports = await Promise.all(Array.from({ length: count }, () => readStream(asked)));
  clearInterval(watch);
  agent.destroy();
  const failures = reports.flatMap((report) => failureOf(report, events) ?? []);
  const longest = (of: (report: StreamReport) => number) => significant(Math.max(...reports.map(of)));
  const gap = `longest silence ${longest((report) => report.longestGapMs)} ms`;
  const first = `slowest first event ${longest((report) => report.firstMs)} ms`;
  const failed = failures.length === 0 ? '' : `, ${failures.length} FAILED (${failures[0]})`;
  return { text: `${count}: ${gap}, ${first}, ${peakMb.toFixed(0)} MB${failed}`, isHeld: failures.length === 0 };
}

function failureOf(report: StreamReport, events: number): string | undefined {
  if (report.failure !== undefined) return report.failure;
  if (report.events !== events) return `${report.events} of ${events} events`;
  if (report.firstMs > firstMs) return `first event after ${significant(report.firstMs)} ms`;
  return report.longestGapMs > stallMs ? `silent for ${significant(report.longestGapMs)} ms` : undefined;
}
