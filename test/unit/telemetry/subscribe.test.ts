import { describe, expect, it } from 'vitest';
import { EventBus, type RequestRecord } from '../../../src/core/events.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { subscribeLog } from '../../../src/telemetry/subscribe.ts';
import { createFakeClock } from '../../support/clock.ts';

const plain = (text: string) => text;
const paint = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain };

function logged(record: RequestRecord): string {
  const events = new EventBus();
  let text = '';
  const logger = createLogger({
    clock: createFakeClock(),
    level: () => 'info',
    format: () => 'json',
    paint,
    write: (lines) => {
      text += lines.text;
    },
  });
  subscribeLog(events, logger);
  events.emit('request-settled', record);
  logger.flush();
  expect(text.endsWith('}\n')).toBe(true);
  return text;
}

const answered: RequestRecord = {
  requestId: '0123456789abcdef01234567',
  startedAt: 0,
  method: 'POST',
  path: '/v1/chat/completions',
  protocol: 'chat_completions',
  operation: 'chat',
  isOperational: false,
  strategy: 'priority',
  requestedModel: 'smart',
  provider: 'ollama',
  model: 'llama3.1:8b',
  status: 200,
  stream: false,
  outcome: 'completed',
  code: undefined,
  message: undefined,
  detail: undefined,
  attempts: [],
  skipped: [],
  fallbackUsed: false,
  isLocal: true,
  drops: [],
  bytesIn: 10,
  bytesOut: 20,
  durationMs: 12.6,
  queueMs: 0,
  firstTokenMs: undefined,
  usage: undefined,
  usageSource: undefined,
  cost: undefined,
  tier: undefined,
  cache: undefined,
  keyName: undefined,
  owner: undefined,
  candidates: () => [],
};

describe('the line of a request', () => {
  it('has what is known and nothing else', () => {
    expect(JSON.parse(logged(answered))).toEqual({
      time: '2026-11-20T00:00:00.000Z',
      level: 'info',
      event: 'request-settled',
      request_id: '0123456789abcdef01234567',
      method: 'POST',
      path: '/v1/chat/completions',
      operation: 'chat',
      protocol: 'chat_completions',
      requested_model: 'smart',
      provider: 'ollama',
      model: 'llama3.1:8b',
      status: 200,
      outcome: 'completed',
      stream: false,
      duration_ms: 13,
      bytes_in: 10,
      bytes_out: 20,
      local: true,
      fallback_used: false,
    });
  });

  it('has all that can be known', () => {
    const attempt = {
      requestId: 'r',
      number: 0,
      provider: 'ollama',
      model: 'm',
      code: 'upstream_connect',
      startMs: 0.4,
      durationMs: 1.6,
      queueMs: 0,
    } as const;
    const attempts = [
      { ...attempt, status: undefined, message: 'refused' },
      { ...attempt, status: 500, queueMs: 1.2, message: undefined },
    ] as const;
    const line = JSON.parse(
      logged({
        ...answered,
        stream: true,
        outcome: 'broken',
        code: 'stream_broken',
        message: 'It broke.',
        detail: 'a reset',
        attempts,
        skipped: ['vllm;down'],
        fallbackUsed: true,
        firstTokenMs: 3.2,
        usage: { input: 7, output: 9, isEstimate: true },
        usageSource: 'estimate',
        cost: 1e-7,
        keyName: 'ci',
        owner: 'team',
        queueMs: 1.2,
        tier: 'simple',
        cache: 'miss',
        drops: ['seed'],
      }),
    );
    expect(line).toMatchObject({
      level: 'warn',
      code: 'stream_broken',
      error: 'It broke.',
      detail: 'a reset',
      first_token_ms: 3,
      input_tokens: 7,
      output_tokens: 9,
      cost: 1e-7,
      fallback_used: true,
      skipped: ['vllm;down'],
      attempts: [
        { code: 'upstream_connect', error: 'refused', start_ms: 0, duration_ms: 2 },
        { status: 500, queue_ms: 1 },
      ],
      usage_estimated: true,
      queue_ms: 1,
      drops: ['seed'],
      tier: 'simple',
      cache: 'miss',
      key: 'ci',
      owner: 'team',
    });
  });

  it('leaves out who answered where nobody did', () => {
    const line = JSON.parse(logged({ ...answered, requestedModel: '', provider: '', model: '', status: 404 }));
    expect(line).toMatchObject({ status: 404 });
    for (const absent of ['provider', 'model', 'requested_model']) expect(Object.keys(line)).not.toContain(absent);
  });

  it.each(['"', '\\', '\n', '\u2028', 'é', '\ud800', '{"a":1}'])(
    'stays one line of JSON with %j in every text',
    (odd) => {
      const texts = {
        path: odd,
        requestedModel: odd,
        provider: odd,
        model: odd,
        message: odd,
        detail: odd,
        keyName: odd,
      };
      const text = logged({ ...answered, ...texts, skipped: [odd] });
      expect(text.indexOf('\n')).toBe(text.length - 1);
      expect(JSON.parse(text)).toMatchObject({ path: odd, requested_model: odd, model: odd, error: odd, key: odd });
    },
  );

  it('tells no credential, wherever one came to stand', () => {
    const leak = 'see Bearer abcdef123456 there';
    const texts = { path: leak, requestedModel: leak, model: leak, message: leak, detail: leak, keyName: leak };
    const text = logged({ ...answered, ...texts, skipped: [leak] });
    expect(text).not.toContain('abcdef123456');
    expect(JSON.parse(text)).toMatchObject({ error: 'see Bearer *** there', skipped: ['see Bearer *** there'] });
  });
});
