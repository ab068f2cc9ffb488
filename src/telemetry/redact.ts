/**
 * Credentials by their well-known forms, and what follows the usual names of one. Each pattern keeps its first group
 * (the name) so that the text stays readable.
 */
const credentials: readonly RegExp[] = [
  /(\bBearer\s+)[^\s"',;]+/gi,
  /(\b(?:api[-_ ]?key|x-api-key|access[-_]?token|token|secret|password|key)["']?\s*[=:]\s*["']?)[^\s"',;&)]{6,}/gi,
  /()\b(?:sk|pk|rk|gsk|xai|hf|r8|nvapi|pplx|csk|fw)[-_][A-Za-z0-9_*-]{8,}/g,
  /()\bAIza[A-Za-z0-9_-]{10,}/g,
  /()\bAKIA[A-Z0-9]{12,}/g,
  /()\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/g,
];

/**
 * Absolute paths of two segments or more, which tell a user name or a disk layout. A path of an API (`/v1/models`) and
 * the path of a URL stay: they are what the reader needs.
 */
const filePaths: readonly RegExp[] = [
  /(?<![\w/:.~-])(?:file:\/\/)?~?\/(?!(?:v\d\w*|api|openai|engines|chat|compatibility)\/)[\w.@+-]+(?:\/[\w.@+-]+)+/g,
  /\b[A-Za-z]:\\[^\s"'<>|]+/g,
];

/** Text as it may be logged: without credentials. */
export function redactCredentials(text: string): string {
  let clean = text;
  for (const pattern of credentials) clean = clean.replace(pattern, '$1***');
  return clean;
}

/** Text of an upstream as it may be shown to a client: without credentials and paths of files. */
export function redact(text: string): string {
  let clean = redactCredentials(text);
  for (const pattern of filePaths) clean = clean.replace(pattern, '[path]');
  return clean;
}
