import { z } from 'zod';
import { capabilities, modelTypes, protocolNames } from '../core/model.ts';
import { condition } from './conditions.ts';
import { bytes, count, duration } from './units.ts';

/**
 * The one strict schema, in the spelling of the file. Foreign spellings are turned into it by `spellings.ts` before
 * it is applied; durations come out in milliseconds, sizes in bytes. The JSON Schema for editors is made from it.
 * A setting whose feature does not exist is not in here.
 */

/** How the candidates of a name are ordered; `ordered` is another word for `priority`. */
export const strategyNames = [
  'priority',
  'ordered',
  'round-robin',
  'weighted',
  'least-latency',
  'cost-optimized',
  'least-busy',
  'fastest',
  'adaptive',
] as const;
export type StrategyName = (typeof strategyNames)[number];

/** What makes a request hard; `routing/complexity.ts` reads and weighs them. */
export const signalNames = ['size', 'turns', 'system', 'tools', 'media', 'phrases', 'structured', 'output'] as const;
export type SignalName = (typeof signalNames)[number];

const params = z.record(z.string(), z.unknown());
const names = z.array(z.string().min(1));
/** `true`: nothing leaves the local network. `machine`: nothing leaves this machine. */
const localOnly = z.union([z.boolean(), z.literal('machine')]);

const weight = z.number().nonnegative();

const pricing = z.strictObject({
  input: z.number().nonnegative().describe('USD per million input tokens'),
  output: z.number().nonnegative().describe('USD per million output tokens'),
  cached_input: z.number().nonnegative().optional().describe('USD per million input tokens read from a cache'),
  cache_write: z.number().nonnegative().optional().describe('USD per million input tokens written to a cache'),
});

const timeouts = z.strictObject({
  connect: duration.optional().describe('TCP and TLS connect; 1s loopback, 3s LAN, 10s hosted'),
  first_token: duration.optional().describe('First content of a stream; 300s, since a model may have to load'),
  idle: duration.optional().describe('Silence within a stream; 300s local, 120s hosted'),
  total: duration.optional().describe('The whole of an answer that is not streamed; 600s'),
});

const server = z.strictObject({
  listen: z.string().default('127.0.0.1:4356').describe('host:port to listen on; port 0 takes a free one'),
  skip_auth: z.boolean().optional().describe('Take requests without a key'),
  allowed_hosts: names.default([]).describe('Further Host header values to accept while auth is off'),
  insecure: z.boolean().default(false).describe('Allow another address than loopback without auth'),
  read_timeout: duration.default(5_000).describe('Time to send the request headers; 0 for any'),
  body_timeout: duration.default(60_000).describe('Longest pause while a request body arrives; 0 for any'),
  write_timeout: duration.default(300_000).describe('Longest time a client may stop reading its answer; 0 for any'),
  idle_timeout: duration.default(120_000).describe('Keep-alive of an idle client connection; 0 for ever'),
  shutdown_timeout: duration.default(30_000).describe('Time for requests in flight to end at shutdown'),
  default_request_timeout: duration.optional().describe('Total time of requests that are not streamed'),
  max_request_body_size: bytes.default(10 * 1024 * 1024).describe('Largest request body'),
  max_held_memory: bytes
    .default(512 * 1024 * 1024)
    .describe('Memory that the bodies, images and answers of all requests together may take; more is answered 503'),
  max_stored_responses: bytes
    .default(16 * 1024 * 1024)
    .describe(
      'Memory that answers of the Responses API take which clients may go on from; the oldest are forgotten first',
    ),
  keepalive_after: duration
    .default(15_000)
    .describe('Silence after which a waiting stream gets signs of life; 0 for never'),
});

const discovery = z.strictObject({
  enabled: z.boolean().default(true).describe('Look for model servers'),
  interval: duration.default(10_000).describe('Time between two looks'),
  servers: names.optional().describe('Kinds to look for: ollama, vllm, lm_studio, llamacpp, …; all when left out'),
  hosts: names.default([]).describe('Further hosts, as host or host:port; other machines are only asked when listed'),
});

const model = z.strictObject({
  id: z.string().min(1).describe('The name clients ask for'),
  upstream_id: z.string().min(1).optional().describe('The name the upstream knows; the id when left out'),
  type: z.enum(modelTypes).optional(),
  context: count.optional().describe('Tokens one request may use'),
  pricing: pricing.optional(),
  base_url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Another base for this model, version prefix included'),
  capabilities: z.array(z.enum(capabilities)).optional(),
  api_protocol: z.array(z.enum(protocolNames)).min(1).optional(),
});

const provider = z.strictObject({
  type: z.string().optional().describe('A word of the catalogue: ollama, vllm, openai, anthropic, groq, …'),
  api_base: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Exact base URL, version prefix included: http://localhost:11434/v1'),
  base_url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Root URL of the server; the version prefix is added'),
  api_key: z.string().optional().describe('Credential; without one the usual environment variable is used'),
  /** Patterns (`*`, `prefix*`, exact id) to protocols; the most specific wins. */
  api_protocol: z.record(z.string(), z.array(z.enum(protocolNames)).min(1)).optional(),
  models: z.array(model).optional().describe('What it serves; asked from the server when left out'),
  auto_discover: z.boolean().optional().describe('Ask the server for its models, beside those listed'),
  default_model: z.string().optional().describe('Used when a failover arrives here with a model it does not have'),
  pricing: pricing.optional().describe('Price of its models that have none of their own'),
  headers: z.record(z.string(), z.string()).optional().describe('Extra request headers'),
  organization: z.string().optional(),
  timeouts: timeouts.optional(),
  default_timeout: duration.optional().describe('Total time of answers that are not streamed'),
  max_concurrent: count.optional().describe('Requests in flight; more wait in the queue'),
  queue: z
    .strictObject({
      max: z.int().nonnegative().default(100).describe('Requests that may wait'),
      timeout: duration.default(10_000).describe('Longest wait before the next candidate is tried'),
    })
    .optional(),
  conn_pool_size: count.optional(),
  local: z.boolean().optional().describe('Overrides what its address says'),
  priority: z.int().optional().describe('Order among providers of one name, lower first'),
  weight: weight.optional().describe('Share of the requests that the weighted strategy sends here; 1 when left out'),
  active: z.boolean().default(true),
  /** Azure: api_version. Bedrock: region, profile. Vertex: project, location. */
  settings: z.record(z.string(), z.string()).optional(),
});

const virtualModel = z.strictObject({
  strategy: z
    .enum(strategyNames)
    .optional()
    .describe('How endpoints are ordered; routing.default_strategy, else priority'),
  endpoints: z
    .array(
      z.strictObject({
        provider: z.string().min(1),
        model: z.string().min(1).optional().describe('The asked-for name when left out'),
        timeout: duration.optional(),
        params: params.optional(),
        weight: weight.optional().describe("Share of the requests under the weighted strategy; the provider's, else 1"),
      }),
    )
    .min(1),
  params: params.optional().describe('Fill what a request leaves out'),
  system_prompt: z.string().optional().describe('Used when a request brings none'),
  local_only: localOnly.optional(),
});

const narrowing = z.strictObject({
  only: names.optional().describe('Providers to use'),
  ignore: names.optional().describe('Providers not to use'),
  local_only: localOnly.optional(),
});

const preset = z.strictObject({
  model: z.string().min(1).optional(),
  system_prompt: z.string().optional(),
  params: params.optional(),
  routing: narrowing.optional(),
});

const routing = z.strictObject({
  default_strategy: z
    .enum(strategyNames)
    .optional()
    .describe('Orders the candidates of names that say nothing else; priority'),
  circuit_breaker: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Ask a candidate that keeps failing last, for a while'),
      failure_threshold: count.default(5).describe('Failures in a row after which it is asked last'),
      success_threshold: count.default(2).describe('Successes in a row after which it is trusted again'),
      cooldown: duration.default(30_000).describe('Time until one request at a time finds out whether it is back'),
    })
    .prefault({}),
  mirror: z
    .strictObject({
      enabled: z.boolean().default(true),
      timeout: duration.default(60_000).describe('Longest time for a copy'),
      rules: z
        .array(
          z.strictObject({
            name: z.string().min(1).default('mirror').describe('How the log calls it'),
            model: z.string().min(1).describe('Asked-for name whose requests are copied; patterns with *'),
            target: z
              .strictObject({ provider: z.string().min(1).optional(), model: z.string().min(1).optional() })
              .refine(({ provider, model }) => provider !== undefined || model !== undefined, {
                message: 'the target must name a provider, a model or both',
              }),
            share: z.number().min(0).max(1).default(1).describe('Of the requests, 0 to 1'),
          }),
        )
        .default([])
        .describe('The first that fits a request holds'),
    })
    .prefault({})
    .describe('Copies of answered requests to another model, compared in the log'),
  sticky: z
    .strictObject({
      by: z
        .enum(['session', 'conversation', 'user'])
        .describe('What belongs together: a session id, the same beginning'),
      ttl: duration.default(3_600_000).describe('Time after the last answer for which it is remembered who gave it'),
    })
    .optional()
    .describe('Prefer who answered the same session or conversation before, while it is well and not full'),
  conditional_routes: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        priority: z.int().default(0).describe('Order among the routes, lower first; then as written'),
        condition: condition.describe('{field, op, value}, or $and, $or, $not over others'),
        action: z
          .strictObject({
            provider: z.string().min(1).optional().describe('Goes there and nowhere else'),
            model: z.string().min(1).optional().describe('Asked for in place of the name that was asked for'),
          })
          .refine(({ provider, model }) => provider !== undefined || model !== undefined, {
            message: 'the action must name a provider, a model or both',
          }),
      }),
    )
    .default([])
    .describe('The first whose condition a request fulfils says where it goes'),
  complexity: z
    .strictObject({
      enabled: z.boolean().default(true),
      apply_to: z
        .enum(['auto', 'all'])
        .default('auto')
        .describe('auto: requests for "auto" or no model, and for names that nobody serves. all: every request'),
      tiers: z
        .record(
          z.string().min(1),
          z.strictObject({
            max_score: z
              .number()
              .min(0)
              .max(100)
              .describe('Up to this score, from 0 to 100, a request is of this tier'),
            model: z.string().min(1),
            provider: z.string().min(1).optional().describe('Asked for the model; whoever serves it when left out'),
          }),
        )
        .refine((tiers) => Object.keys(tiers).length > 0, { message: 'name at least one tier' }),
      weights: z
        .partialRecord(z.enum(signalNames), z.number().min(0).max(1))
        .optional()
        .describe('How much of the way to 100 a signal goes alone, from 0 to 1'),
    })
    .optional()
    .describe('Simple requests to one model, hard ones to another'),
  fastest: z
    .strictObject({ max: z.int().min(2).optional().describe('Candidates that a race asks at once; all when left out') })
    .prefault({}),
  default_model: z.string().min(1).optional().describe('Answers names that nothing else serves'),
  failover: z
    .strictObject({
      enabled: z.boolean().default(true),
      max_attempts: count.optional().describe('Candidates tried for one request'),
      on_status_codes: z
        .array(z.int().min(100).max(599))
        .optional()
        .describe('Statuses that move on; ours when left out'),
      on_timeout: z.boolean().default(true),
      providers: names.optional().describe('Order of providers to go through'),
    })
    .prefault({}),
  retry: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Ask the last candidate left again'),
      max_retries: z.int().nonnegative().default(2).describe('Further tries of it'),
      initial_delay: duration.default(500).describe('Upper bound of the first wait; the wait is random below it'),
      max_delay: duration.default(10_000).describe('Longest wait; a longer Retry-After goes to the client'),
      multiplier: z.number().min(1).default(2).describe('Growth of the bound from one wait to the next'),
      on_status_codes: z
        .array(z.int().min(400).max(599))
        .optional()
        .describe('Statuses that are asked again; ours when left out'),
      on_timeout: z.boolean().default(false).describe('Also after a timeout: its server may do the work twice'),
      on_broken: z
        .boolean()
        .default(false)
        .describe('Also after a connection that broke or an answer of no use: its server may do the work twice'),
    })
    .prefault({}),
});

const auth = z.strictObject({
  enabled: z.boolean().optional(),
  keys: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        key: z.string().min(1),
        owner: z.string().optional(),
        models: names.optional().describe('Models it may use; all when left out. Patterns with *'),
        rpm: z.int().nonnegative().optional().describe('Requests a minute; 0 for any'),
        tpm: z.int().nonnegative().optional().describe('Tokens a minute, of prompts and answers; 0 for any'),
      }),
    )
    .default([]),
});

const rateLimiting = z.strictObject({
  enabled: z.boolean().default(true),
  global_rpm: z.int().nonnegative().default(0).describe('Requests a minute of all clients together; 0 for any'),
  global_tpm: z.int().nonnegative().default(0).describe('Tokens a minute of all clients together; 0 for any'),
  key_rpm: z.int().nonnegative().default(0).describe('Requests a minute of each key without an rpm of its own'),
  key_tpm: z.int().nonnegative().default(0).describe('Tokens a minute of each key without a tpm of its own'),
});

const cache = z.strictObject({
  enabled: z.boolean().default(true),
  default_ttl: duration.default(300_000).describe('Time for which an answer is given again'),
  max_entries: count.default(10_000).describe('Answers kept; the least recently used one goes first'),
  max_size: bytes.default(64 * 1024 * 1024).describe('Memory that they may take'),
});

const logging = z.strictObject({
  level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  format: z.enum(['pretty', 'json']).optional().describe('pretty on a terminal, json else'),
});

export const configSchema = z.strictObject({
  server: server.prefault({}),
  discovery: discovery.prefault({}),
  providers: z.record(z.string().min(1), provider).default({}),
  models: z.record(z.string().min(1), virtualModel).default({}),
  presets: z.record(z.string().min(1), preset).default({}),
  variants: z.record(z.string().min(1), z.strictObject({ routing: narrowing })).default({}),
  routing: routing.prefault({}),
  auth: auth.prefault({}),
  rate_limiting: rateLimiting.prefault({}),
  cache: cache.optional().describe('Complete answers, given again to equal requests'),
  logging: logging.prefault({}),
});

/** The file's content after validation. Durations in milliseconds, sizes in bytes. */
export type Config = z.output<typeof configSchema>;
export type ProviderConfig = Config['providers'][string];
export type ModelConfig = NonNullable<ProviderConfig['models']>[number];
export type VirtualModelConfig = Config['models'][string];
export type PresetConfig = Config['presets'][string];
export type LocalOnly = z.output<typeof localOnly>;
