import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { Trust } from '../../src/transport/trust.ts';
import { UndiciPool } from '../../src/transport/undici-pool.ts';
import type { UpstreamPool } from '../../src/transport/upstream-pool.ts';
import { type SelfSigned, selfSigned } from '../support/certificate.ts';
import { createFakeClock } from '../support/clock.ts';
import { type RawScript, type RawUpstream, startRaw } from '../support/raw-upstream.ts';
import { Asking, endpoint } from '../unit/transport/asking.ts';

interface Opened {
  readonly origin: string;
  /** Connections at once. */
  readonly poolSize?: number | undefined;
  /** One that stands still, where none is given. */
  readonly clock?: Clock | undefined;
}

type OpenPool = (about: Opened) => UpstreamPool;

const trust = new Trust();

const open: OpenPool = ({ origin, poolSize, clock = createFakeClock() }) => {
  const pool = new UndiciPool({
    clock,
    origin,
    endpoint: { ...endpoint, poolSize },
    lookup: lookup as LookupFunction,
    trust,
    proxies: undefined,
  });
  onTestFinished(() => pool.destroy());
  return pool;
};

export interface PoolVariant {
  readonly name: string;
  /** What its servers show. */
  readonly tls: SelfSigned | undefined;
  /** Cut when the test is over. */
  open(about: Opened): UpstreamPool;
  /** With a server of its own. */
  start(
    script?: RawScript,
    poolSize?: number,
  ): Promise<{ readonly pool: UpstreamPool; readonly upstream: RawUpstream }>;
}

const certificate = selfSigned();
setDefaultCACertificates([...getCACertificates('default'), certificate.cert]);

/** The contract's suites run for each of these. */
export const poolVariants: readonly PoolVariant[] = [
  ['a pool', undefined] as const,
  ['a pool with TLS', certificate] as const,
].map(([name, tls]) => ({
  name,
  tls,
  open,
  async start(script, poolSize) {
    const upstream = await startRaw(script, tls);
    onTestFinished(() => upstream[Symbol.asyncDispose]());
    return { upstream, pool: open({ origin: upstream.origin, poolSize }) };
  },
}));

/** A request that is over, its connection back in the pool. */
export async function ask(pool: UpstreamPool, ...about: RequestOf): Promise<Asking> {
  const asked = await new Asking(pool, ...about).done;
  await connectionFree();
  return asked;
}

/** After an answer's end: undici takes a turn of the event loop to see that the connection is free. */
export function connectionFree(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

type RequestOf = ConstructorParameters<typeof Asking> extends [unknown, ...infer Rest] ? Rest : never;
