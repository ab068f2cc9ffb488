import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allFormats } from '../../src/protocols/all-formats.ts';
import { formatKey } from '../../src/protocols/formats.ts';
import { type RunningApp, startApp } from '../support/start-app.ts';
import type { Pair } from './matrix/exchange.ts';
import { clients, upstreams } from './matrix/rows.ts';
import { scenarios as basics } from './matrix/scenarios.ts';
import { Table } from './matrix/table.ts';
import { toolLoop } from './matrix/tool-loop.ts';
import type { RunningUpstream, Upstream } from './matrix/upstream.ts';

const scenarios = {
  ...basics,
  'tool loop': toolLoop({ stream: false }),
  'streamed tool loop': toolLoop({ stream: true }),
  'reasoned tool loop': toolLoop({ stream: false, reasoning: true }),
};
const table = new Table(Object.keys(scenarios));

const running = new Map<Upstream, RunningUpstream>();
let app: RunningApp;

function modelOf(row: Upstream): string {
  return `on-${row.name}`;
}

beforeAll(async () => {
  const providers: Record<string, unknown> = {};
  const environment: Record<string, string> = {};
  for (const row of upstreams) {
    const upstream = await row.start();
    running.set(row, upstream);
    Object.assign(environment, upstream.environment);
    const models = [{ id: modelOf(row), upstream_id: upstream.model, type: 'chat' }];
    providers[row.name] = { ...upstream.provider, models };
  }
  // JSON is YAML.
  app = await startApp({ yaml: JSON.stringify({ providers }), environment });
});

afterAll(async () => {
  await app?.close();
  await Promise.all([...running.values()].map((upstream) => upstream.close()));
  process.stdout.write(`${table}\n`);
});

function pairOf(client: Pair['client'], row: Upstream): Pair {
  return { client, row, upstream: running.get(row) as RunningUpstream, url: app.url, model: modelOf(row) };
}

for (const row of upstreams) {
  for (const client of clients) {
    table.pair(client.name, row.name);
    describe(`${client.name} in, ${row.name} out`, () => {
      for (const [column, scenario] of Object.entries(scenarios)) {
        const reason = client.lacks[column] ?? row.lacks[column];
        if (reason !== undefined) table.excuse(client.name, row.name, { column, reason });
        else
          test(column, async () => {
            await scenario(pairOf(client, row));
            table.pass(client.name, row.name, column);
          });
      }
    });
  }
}

describe('the matrix', () => {
  test('has a row for every way in and every way out', () => {
    const ways = new Set(clients.map(({ format }) => formatKey(format)));
    expect([...allFormats.inbounds.keys()].filter((key) => !ways.has(key))).toEqual([]);
    const outs = new Set(upstreams.map(({ protocol }) => protocol));
    expect([...allFormats.outbounds.keys()].filter((protocol) => !outs.has(protocol))).toEqual([]);
  });

  test('has no hole without a reason', () => {
    expect(table.holes).toEqual([]);
  });
});
