import type { CheckContext } from './check-context.ts';
import { hostPortProblem } from './host-port.ts';
import type { IssueText } from './issues.ts';
import { markAt, nodeAt, type Path } from './tree.ts';

/** Below this, looks would follow each other without a pause. Milliseconds. */
const minIntervalMs = 10;

/** Hosts that could never be asked or never be named, and a rhythm that would leave no time for anything else. */
export function checkHosts(context: CheckContext): void {
  const { config, tree, report, knowledge } = context;
  const { interval, hosts } = config.discovery;
  if (interval < minIntervalMs) {
    const path = ['discovery', 'interval'];
    const hint = 'write 10s, or discovery.enabled: false to look for nothing';
    report(markAt(tree, path), path, { message: `this must be at least ${minIntervalMs}ms`, hint });
  }
  checkList(context, ['discovery', 'hosts'], hosts, (text) => {
    return metadataProblem(text, knowledge.isForbiddenHost) ?? hostPortProblem(text);
  });
  checkList(context, ['server', 'allowed_hosts'], config.server.allowed_hosts, hostPortProblem);
}

type Judge = (text: string) => IssueText | undefined;

function checkList({ tree, report }: CheckContext, list: Path, texts: readonly string[], judge: Judge): void {
  for (const [index, text] of texts.entries()) {
    const path = [...list, index];
    const node = nodeAt(tree, path);
    // That its variable has no value has been told.
    if (node?.kind === 'scalar' && node.reference?.unset !== undefined) continue;
    const problem = judge(text);
    if (problem !== undefined) report(markAt(tree, path), path, problem);
  }
}

function metadataProblem(text: string, isForbidden: (hostname: string) => boolean): IssueText | undefined {
  const bare = text.trim().replace(/^https?:\/\//i, '');
  const isBareIpv6 = bare.split(':').length > 2 && !bare.startsWith('[');
  const url = URL.parse(`http://${isBareIpv6 ? `[${bare}]` : bare}`);
  if (url === null || !isForbidden(url.hostname)) return undefined;
  const message = 'this is the metadata address of a cloud, which hands out credentials';
  return { message, hint: 'name a model server' };
}
