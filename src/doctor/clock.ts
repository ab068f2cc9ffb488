import type { Check } from './check.ts';

/** The program is not older than this, so a clock that says otherwise is wrong. */
const released = Date.UTC(2026, 10, 1);
const tooLate = Date.UTC(2060, 0, 1);

/** With a wrong clock every TLS certificate looks invalid. */
export const checkClock: Check = async ({ clock }) => {
  const now = clock.now();
  const subject = new Date(now).toISOString();
  const isPlausible = now >= released && now < tooLate;
  if (isPlausible) return [{ check: 'clock', subject, status: 'ok', message: 'is plausible' }];
  const message = 'is wrong: hosted providers would look as if their certificates were invalid';
  return [{ check: 'clock', subject, status: 'fail', message, fix: 'set the clock (timedatectl set-ntp true)' }];
};
