import { Transport } from '../transport/client.ts';
import type { Check, CheckInput, CheckResult } from './check.ts';
import { checkClock } from './clock.ts';
import { checkConfig } from './config.ts';
import { checkHardware } from './hardware.ts';
import { checkHostedKeys } from './hosted-keys.ts';
import { checkLocalChat } from './local-chat.ts';
import { survey } from './local-providers.ts';
import { checkLocalServers } from './local-servers.ts';
import { checkLog } from './log.ts';
import { checkPort } from './port.ts';
import { checkProxy } from './proxy.ts';
import { checkStateDirectory } from './state-directory.ts';
import { checkVariables } from './variables.ts';

/** Of this machine: need no server. */
const plainChecks: readonly Check[] = [checkPort, checkLog, checkProxy, checkHardware, checkClock, checkStateDirectory];

/** Everything, in the order it is told. */
export async function examine(input: CheckInput): Promise<readonly CheckResult[]> {
  const transport = new Transport({ clock: input.clock, environment: input.environment });
  try {
    const found = await survey(input);
    const results = await Promise.all([
      checkConfig(input),
      checkVariables(input),
      checkLocalServers(found),
      checkLocalChat(input, found.snapshot, transport),
      checkHostedKeys(found.snapshot, transport),
      ...plainChecks.map((check) => check(input)),
    ]);
    return results.flat();
  } finally {
    await transport.destroy();
  }
}

/** What a machine without secrets and servers can tell, for CI. */
export async function examineConfig(input: CheckInput): Promise<readonly CheckResult[]> {
  return checkConfig(input);
}
