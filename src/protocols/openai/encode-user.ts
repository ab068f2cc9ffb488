import { createHash } from 'node:crypto';

/** Longest name of an end user that OpenAI takes; OpenRouter takes twice as much. Characters. */
const maxUserLength = 64;

/** Claude Code names device and session at length. The hash of a name tells users apart as well as the name does. */
export function encodeUser(user: string | undefined): string | undefined {
  if (user === undefined || user.length <= maxUserLength) return user;
  return createHash('sha256').update(user).digest('hex');
}
