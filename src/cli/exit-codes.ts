/** What the process ends with. An empty list is `ok`. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  /** The command line itself was wrong. */
  usage: 2,
  /** The configuration was wrong, or is not trusted. */
  config: 3,
  /** A router that was said to run did not answer. */
  unreachable: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
