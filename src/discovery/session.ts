import http, { type Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Clock } from '../core/clock.ts';
import { collect } from '../core/collect.ts';
import { GatewayError } from '../core/errors.ts';
import { passedHeader } from '../core/loop-mark.ts';
import type { AuthKind } from '../core/model.ts';
import type { Secret } from '../core/secret.ts';
import { guardedLookup, requireAllowedHost } from '../transport/guard.ts';
import type { LookUp } from '../transport/look-up.ts';
import { type Answer, type Ask, type Failure, isRouterAnswer, parseJson } from './answer.ts';

/** Loopback connects at once or not at all; a host on the local network in a few milliseconds. */
const connectLimitMs = 300;
/** All questions of one probe together. A frozen process accepts connections and stays silent. */
const probeLimitMs = 2_000;
/** A long listing is some 100 KiB. */
const maxBodyBytes = 1024 * 1024;

export interface SessionOptions {
  /** Scheme, host and port; the address is used as it stands. */
  readonly origin: string;
  readonly clock: Clock;
  readonly credential: Secret | undefined;
  readonly auth: AuthKind;
  readonly headers: Readonly<Record<string, string>>;
  /** Aborts the whole probe. */
  readonly signal: AbortSignal;
  /** The system's when left out. */
  readonly lookUp?: LookUp | undefined;
  /** What this router puts on its requests, see `LoopMark`: it answers its own with 508. */
  readonly mark?: string | undefined;
  /** Another router is a server too: the user says that one stands here. */
  readonly takesRouters?: boolean | undefined;
}

/** One probe's conversation with one address: GET only, own connection, own deadline, never a proxy or a redirect. */
export interface Session {
  readonly ask: Ask;
  /** Why the first question that failed did; no further question is put after it. */
  readonly failure: Failure | undefined;
  /** True once a router answered. */
  readonly isRouter: boolean;
  /** True once this router answered, or another one where none is looked for; no further question is put after it. */
  readonly isOurselves: boolean;
  close(): void;
}

export function openSession(options: SessionOptions): Session {
  const wire = openWire(options.origin);
  const deadline = new AbortController();
  const timer = options.clock.setTimer(probeLimitMs, () => deadline.abort());
  const signal = AbortSignal.any([deadline.signal, options.signal]);
  const answers = new Map<string, Promise<Answer | undefined>>();
  let failure: Failure | undefined;
  let isRouter = false;
  let isOurselves = false;

  const put = async (path: string): Promise<Answer | undefined> => {
    if (failure !== undefined || isOurselves) return undefined;
    try {
      const answer = await get(path, { ...options, ...(await wire), signal });
      // Discovery must not find itself through another name or port.
      isRouter ||= isRouterAnswer(answer);
      isOurselves ||= isRouter && (options.takesRouters !== true || answer.status === 508);
      return isOurselves ? undefined : answer;
    } catch (error) {
      failure ??= failureOf(error, signal);
      return undefined;
    }
  };

  return {
    ask: (path) => {
      const asked = answers.get(path) ?? put(path);
      answers.set(path, asked);
      return asked;
    },
    get failure() {
      return failure;
    },
    get isRouter() {
      return isRouter;
    },
    get isOurselves() {
      return isOurselves;
    },
    close() {
      timer.cancel();
      void wire.then(({ agent }) => agent.destroy());
    },
  };
}

const refusals = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
]);

function failureOf(error: unknown, signal: AbortSignal): Failure {
  if (signal.aborted) return 'silent';
  // Not to be connected to: as good as not there.
  if (error instanceof GatewayError) return 'refused';
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === 'string' && refusals.has(code) ? 'refused' : 'foreign';
}

interface Wire {
  readonly request: typeof http.request;
  readonly agent: Agent;
}

/** TLS is loaded for those who need it: no server on loopback does by default. */
async function openWire(origin: string): Promise<Wire> {
  const options = { keepAlive: true, maxSockets: 1 };
  if (!origin.startsWith('https:')) return { request: http.request, agent: new http.Agent(options) };
  const https = await import('node:https');
  return { request: https.request, agent: new https.Agent(options) };
}

interface Conversation extends SessionOptions, Wire {}

async function get(path: string, conversation: Conversation): Promise<Answer> {
  try {
    return await getOnce(path, conversation);
  } catch (error) {
    // Between two questions the server may close the connection that the second one was about to use.
    if ((error as { readonly isReused?: boolean }).isReused !== true) throw error;
    return getOnce(path, conversation);
  }
}

function getOnce(path: string, conversation: Conversation): Promise<Answer> {
  const { agent, signal, clock, request, origin, lookUp } = conversation;
  const guard = { who: origin, lookUp };
  return new Promise((resolve, reject) => {
    requireAllowedHost(guard, new URL(origin).hostname);
    const lookup = guardedLookup(guard);
    const asking = request(origin + path, { agent, signal, lookup, headers: headersOf(conversation) });
    limitConnect(asking, clock);
    asking.on('error', (error) => reject(Object.assign(error, { isReused: asking.reusedSocket && !signal.aborted })));
    asking.on('response', (response) => {
      readBody(response).then(
        (text) => resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parseJson(text) }),
        reject,
      );
    });
    asking.end();
  });
}

function headersOf(options: SessionOptions): Readonly<Record<string, string>> {
  const mark = options.mark === undefined ? undefined : { [passedHeader]: options.mark };
  return { accept: 'application/json, text/plain;q=0.9', ...mark, ...keyHeader(options), ...options.headers };
}

function keyHeader({ credential, auth }: SessionOptions): Readonly<Record<string, string>> {
  if (credential === undefined) return {};
  const isNamed = auth === 'x-api-key' || auth === 'api-key' || auth === 'x-goog-api-key';
  return isNamed ? { [auth]: credential.reveal() } : { authorization: `Bearer ${credential.reveal()}` };
}

function limitConnect(asking: ClientRequest, clock: Clock): void {
  asking.on('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = clock.setTimer(connectLimitMs, () =>
      asking.destroy(Object.assign(new Error('connect timeout'), { code: 'ETIMEDOUT' })),
    );
    const stop = () => timer.cancel();
    socket.once('connect', stop).once('close', stop);
  });
}

/** Text of at most `maxBodyBytes`; a longer body is cut, which leaves it unreadable as JSON. */
async function readBody(response: IncomingMessage): Promise<string> {
  const { bytes } = await collect(response, maxBodyBytes);
  return bytes.toString();
}
