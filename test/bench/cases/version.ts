import { execFileSync } from 'node:child_process';
import { type BenchCase, measured } from '../case.ts';
import { inTurn, mean, significant } from '../measure.ts';
import { homeless } from '../router.ts';

const budget = { what: '`router --version` / `node -e 0`', unit: '×', limit: 'at-most', must: 1.6, goal: 1.3 } as const;

export const version: BenchCase = {
  name: 'version',
  async run(bench) {
    const env = homeless(bench.directory);
    const tookMs = async (file: string, args: readonly string[]) => {
      const started = performance.now();
      execFileSync(file, args, { cwd: bench.directory, env, stdio: 'ignore' });
      return performance.now() - started;
    };
    const ours = () => tookMs(bench.binary, ['--version']);
    const bare = () => tookMs(process.execPath, ['-e', '0']);
    // The first run of each reads its file from the disk.
    await inTurn(2, ours, bare);
    const { first, second } = await inTurn(bench.isQuick ? 15 : 60, ours, bare);
    const [router, node] = [mean(first), mean(second)];
    const detail = `router ${significant(router)} ms, node ${significant(node)} ms, means of ${first.length} runs each`;
    return [measured(budget, router / node, detail)];
  },
};
