import { isIPv4, isIPv6 } from 'node:net';
import type { IssueText } from './issues.ts';

/** A host and a port as they are written; neither is known to be usable. A host of IPv6 is without brackets. */
interface Written {
  readonly host: string;
  readonly port: string | undefined;
  readonly isBracketed: boolean;
}

const shape = 'write host or host:port, as gpu-box, 192.168.1.20:8000 or [fd00::1]:8000';
/** RFC 1035, section 2.3.4, as text. */
const maxNameLength = 253;
/** What URLs take is more than names are made of. Beyond ASCII it is theirs to say. */
const isNameLike = /^[\w.\-\u0080-\uffff]+$/;

/**
 * What is wrong with a text that should be a host, or host and port; undefined when nothing is. Only what a URL can
 * hold passes: anything else would fail at every use of it, long after the file was read.
 */
export function hostPortProblem(text: string): IssueText | undefined {
  const bare = text.trim();
  if (bare === '') return { message: 'an empty text names no host', hint: shape };
  if (bare.includes('/')) return urlProblem(bare);
  if (bare.includes('%')) {
    const message = 'an address with a zone (%eth0) cannot be used';
    return { message, hint: 'write an address that needs none, or a name' };
  }
  const written = split(bare);
  if (written === undefined) return { message: 'this is not host or host:port', hint: shape };
  return hostProblem(written) ?? portProblem(written.port);
}

function urlProblem(text: string): IssueText {
  const host = URL.parse(text)?.host ?? '';
  return { message: 'this is a URL and not host or host:port', hint: host === '' ? shape : `write ${host}` };
}

function split(text: string): Written | undefined {
  if (isIPv6(text)) return { host: text, port: undefined, isBracketed: true };
  const bracketed = /^\[([^[\]]*)\](?::(.*))?$/.exec(text);
  if (bracketed !== null) return { host: bracketed[1] ?? '', port: bracketed[2], isBracketed: true };
  const plain = /^([^:[\]]*)(?::([^:]*))?$/.exec(text);
  return plain === null ? undefined : { host: plain[1] ?? '', port: plain[2], isBracketed: false };
}

function hostProblem({ host, isBracketed }: Written): IssueText | undefined {
  if (isBracketed) return isIPv6(host) ? undefined : { message: 'this is not an IPv6 address', hint: shape };
  if (host === '') return { message: 'the host is missing', hint: shape };
  const url = isNameLike.test(host) && host.length <= maxNameLength ? URL.parse(`http://${host}/`) : null;
  if (url === null) {
    const isNumeric = /^[\d.]+$/.test(host);
    return { message: isNumeric ? 'this is not an IPv4 address' : 'this is not the name of a host', hint: shape };
  }
  // `10.1`, `0x7f.1` and `2130706433` are addresses to a URL, and to few who read the file.
  if (!isIPv4(url.hostname) || url.hostname === host) return undefined;
  return { message: `this is an unusual spelling of ${url.hostname}`, hint: `write ${url.hostname}` };
}

function portProblem(port: string | undefined): IssueText | undefined {
  if (port === undefined) return undefined;
  const isPort = /^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) <= 65_535;
  return isPort ? undefined : { message: 'this is not a port', hint: 'write a number from 1 to 65535' };
}
