/** Shorter ones are found in any text. Characters. */
const leastLength = 6;
/** As many characters of a secret in a row as give it away. */
const runLength = 8;
/** Of what a mask leaves to be seen of it, both ends together. */
const leastShown = 4;
/** What is written where a server wants some key and takes any: words that errors are full of. */
const placeholders = new Set(
  (
    'ollama lmstudio lm-studio lm_studio llamacpp llama.cpp llama-cpp openai anthropic localai bearer secret apikey api-key ' +
    'api_key not-needed not-required no-key-required sk-no-key-required dummy-key no-api-key changeme placeholder default'
  ).split(' '),
);

/** A way that a secret may be written in: any run of `length` characters of `text` gives it away. */
interface Form {
  readonly text: string;
  readonly length: number;
}

/** What stands for the part that is not shown. */
const mask = /\*{2,}|\.{3,}|…+|•{2,}|[xX]{4,}|#{3,}|_{4,}/g;
const before = /[\w+/=.~-]*$/;
const after = /^[\w+/=~-]*/;
/** Most that is looked at beside a mask. Characters. */
const maxShown = 256;

/**
 * Finds secrets that are known in texts of others, whatever they look like: as they are, in parts, cut off or masked in
 * the middle, in another case, and as JSON, URLs, HTML, base64 and hexadecimal write them.
 */
export class KnownSecrets {
  readonly #secrets: readonly string[];
  /** Runs by their length; made when the first text is looked at. */
  #runs: ReadonlyMap<number, ReadonlySet<string>> | undefined;

  constructor(secrets: Iterable<string>) {
    this.#secrets = [...new Set(secrets)].filter(isTelling);
  }

  /** The text with `***` in their places. */
  redact(text: string): string {
    if (this.#secrets.length === 0) return text;
    return this.#withoutRuns(this.#withoutMasked(text));
  }

  #withoutRuns(text: string): string {
    this.#runs ??= runsOf(this.#secrets);
    const lower = text.toLowerCase();
    // Lower case can be longer than what it is of; then its places say nothing about the text's.
    const plain = lower.length === text.length ? lower : text;
    const hidden = new Uint8Array(text.length);
    for (const [length, runs] of this.#runs) {
      for (let at = 0; at + length <= plain.length; at++) {
        if (runs.has(plain.slice(at, at + length))) hidden.fill(1, at, at + length);
      }
    }
    return withStars(text, hidden);
  }

  /** `abcd****wxyz`, `abcd…`: what is shown fits the ends of a secret. */
  #withoutMasked(text: string): string {
    let result = '';
    let from = 0;
    for (const { 0: stars, index } of text.matchAll(mask)) {
      const end = index + stars.length;
      const head = before.exec(text.slice(Math.max(from, index - maxShown), index))?.[0] ?? '';
      const tail = after.exec(text.slice(end, end + maxShown))?.[0] ?? '';
      if (index < from || !this.#isShown(head.toLowerCase(), tail.toLowerCase())) continue;
      result += `${text.slice(from, index - head.length)}***`;
      from = end + tail.length;
    }
    return result + text.slice(from);
  }

  #isShown(head: string, tail: string): boolean {
    if (head.length + tail.length < leastShown) return false;
    return this.#secrets.some((secret) => {
      const lower = secret.toLowerCase();
      return lower.startsWith(head) && lower.endsWith(tail);
    });
  }
}

function isTelling(secret: string): boolean {
  return secret.length >= leastLength && !placeholders.has(secret.toLowerCase());
}

function withStars(text: string, hidden: Uint8Array): string {
  let result = '';
  let from = 0;
  for (let at = hidden.indexOf(1); at !== -1; at = hidden.indexOf(1, from)) {
    const end = hidden.indexOf(0, at);
    result += `${text.slice(from, at)}***`;
    from = end === -1 ? text.length : end;
    if (end === -1) break;
  }
  return result + text.slice(from);
}

function runsOf(secrets: readonly string[]): ReadonlyMap<number, ReadonlySet<string>> {
  const runs = new Map<number, Set<string>>();
  for (const { text, length } of secrets.flatMap(formsOf)) {
    const size = Math.min(length, text.length);
    const known = runs.get(size) ?? new Set();
    runs.set(size, known);
    const lower = text.toLowerCase();
    for (let at = 0; at + size <= lower.length; at++) known.add(lower.slice(at, at + size));
  }
  return runs;
}

function formsOf(secret: string): readonly Form[] {
  const bytes = Buffer.from(secret);
  const units = [...Array(secret.length).keys()].map((at) => secret.charCodeAt(at).toString(16).padStart(4, '0'));
  const base64 = [0, 1, 2].map((before) => base64Within(bytes, before));
  const texts = [
    secret,
    JSON.stringify(secret).slice(1, -1),
    secret.replaceAll('/', '\\/'),
    encodeURIComponent(secret.toWellFormed()),
    new URLSearchParams([['', secret]]).toString().slice(1),
    secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ];
  return [
    ...[...new Set(texts)].map((text) => ({ text, length: runLength })),
    { text: bytes.toString('hex'), length: 2 * runLength },
    { text: units.map((unit) => `\\u${unit}`).join(''), length: 6 * leastLength },
  ];
}

/** The characters of base64 that stand for these bytes, where `before` bytes (of 3) come before them. */
function base64Within(bytes: Buffer, before: number): string {
  const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
  return text.slice(Math.ceil((before * 8) / 6), Math.ceil(((before + bytes.length) * 8) / 6));
}
