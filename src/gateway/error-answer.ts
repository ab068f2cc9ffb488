import { GatewayError } from '../core/errors.ts';
import { HeldBody } from '../core/held-body.ts';
import { invalidAnswer } from '../protocols/invalid-answer.ts';
import { loopAnswer } from '../transport/loop-answer.ts';
import type { Answer, AnswerHost } from './answer.ts';
import type { UpstreamAnswer } from './answer-tap.ts';
import { unpack } from './channel.ts';

/** As much of it as is read. Bytes. */
const maxBytes = 64 * 1024;
/** And what that may unpack to. Bytes. */
const maxUnpacked = 256 * 1024;

/** A status that says no. */
export class ErrorAnswer implements Answer {
  readonly usage = undefined;
  readonly #host: AnswerHost;
  readonly #body = new HeldBody();
  #hasEnded = false;

  constructor(host: AnswerHost) {
    this.#host = host;
  }

  /** What there is of it says enough: one without end is not waited for. */
  push(chunk: Buffer): void {
    if (this.#hasEnded) return;
    this.#body.add(chunk);
    if (this.#body.size >= maxBytes) this.end();
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (this.#host.head.headers['content-encoding'] === undefined) return this.#fail(this.#body.bytes());
    void this.#unpacked().then((body) => this.#fail(body));
  }

  /** What was held is worth more than the news that its connection then broke. */
  break(): void {
    this.end();
  }

  #fail(body: Buffer): void {
    this.#host.fail(this.#meaning(body.toString('utf8')));
  }

  #meaning(text: string): GatewayError {
    const { prepared, head } = this.#host;
    try {
      const error = prepared.classify(head.status, head.headers, text);
      return loopAnswer(head.candidate.endpoint, head.status, head.headers) ?? oddStatus(head, error) ?? error;
    } catch (thrown) {
      return GatewayError.from(thrown);
    }
  }

  /** Empty when its encoding cannot be undone, since the status tells as well. Never rejects. */
  async #unpacked(): Promise<Buffer> {
    const { head } = this.#host;
    let size = 0;
    const onBytes = (bytes: number) => {
      size += bytes;
      if (size > maxUnpacked) throw invalidAnswer(head.candidate, `it unpacks to more than ${maxUnpacked} bytes`);
    };
    try {
      return await unpack(this.#body.bytes(), head, onBytes);
    } catch {
      return Buffer.alloc(0);
    }
  }
}

/** About our connection to the upstream: the client could only misunderstand them. */
const hopStatuses: ReadonlySet<number> = new Set([421, 426]);

/** What is not an error of an API: a redirect, a proxy in between, a status that HTTP does not know. */
function oddStatus({ status, headers }: UpstreamAnswer, read: GatewayError): GatewayError | undefined {
  const { message, detail } = read;
  const fields = { detail, upstreamStatus: status };
  if (status === 407) {
    const hint = 'A proxy on the way wants a credential: put it into the URL of HTTPS_PROXY.';
    return new GatewayError('upstream_unauthorized', message, { ...fields, hint });
  }
  if (status >= 400 && status < 600 && !hopStatuses.has(status)) return undefined;
  const isRedirect = status < 400 && headers.location !== undefined;
  const hint = isRedirect ? 'Check the base URL of this provider: it answers with a redirect.' : undefined;
  return new GatewayError('upstream_invalid', message, { ...fields, hint });
}
