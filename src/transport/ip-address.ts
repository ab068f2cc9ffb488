import { isIP } from 'node:net';

export interface IpAddress {
  /** Without brackets, zone and mapping: `::ffff:127.0.0.1` is `127.0.0.1`. */
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
}

/** `[::1]`, `fe80::1%eth0` and `::ffff:7f00:1` as the address that a socket would connect to; undefined for a name. */
export function ipAddress(host: string): IpAddress | undefined {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  const version = isIP(bare);
  if (version === 0) return undefined;
  if (version === 4) return { address: bare, family: 'ipv4' };
  const address = bare.replace(/%.*$/, '');
  const groups = groupsOf(address);
  return startsWith(groups, [0, 0, 0, 0, 0, 0xffff])
    ? { address: ipv4At(groups, 96), family: 'ipv4' }
    : { address, family: 'ipv6' };
}

/**
 * A host in every spelling that some resolver or URL parser takes for an address, as that address: `2852039166`,
 * `0xa9fea9fe`, `0251.0376.0251.0376`, `169.254.43518`, `169.254.169.254.`, full-width digits. Names stay names, lower
 * case and without the dot at their end.
 */
export function plainHost(host: string): string {
  const known = ipAddress(host);
  if (known !== undefined) return known.address;
  const name = host.trim().toLowerCase().replace(/\.$/, '');
  const parsed = URL.parse(`http://${name}/`)?.hostname ?? name;
  return ipAddress(parsed)?.address ?? parsed;
}

/** Bits of an IPv6 prefix behind which an IPv4 address follows, and the prefix in groups of 16 bits. */
const carriers: readonly { readonly prefix: readonly number[]; readonly at: readonly number[] }[] = [
  // IPv4-compatible (RFC 4291) and IPv4-translated (RFC 2765).
  { prefix: [0, 0, 0, 0, 0, 0], at: [96] },
  { prefix: [0, 0, 0, 0, 0xffff, 0], at: [96] },
  // NAT64 (RFC 6052, RFC 8215); the local one may be cut at any of the lengths that are allowed.
  { prefix: [0x64, 0xff9b, 0, 0, 0, 0], at: [96] },
  { prefix: [0x64, 0xff9b, 1], at: [48, 56, 64, 96] },
  // 6to4 (RFC 3056).
  { prefix: [0x2002], at: [16] },
];

/** IPv4 addresses that an IPv6 address carries within it, since a gateway on the way may unpack them. */
export function carriedAddresses({ address, family }: IpAddress): readonly string[] {
  if (family === 'ipv4') return [];
  const groups = groupsOf(address);
  const found = carriers.filter(({ prefix }) => startsWith(groups, prefix));
  const carried = found.flatMap(({ at }) => at.map((bit) => ipv4At(groups, bit)));
  // Teredo (RFC 4380) has the client's last, inverted; ISATAP (RFC 5214) marks its interface identifiers.
  if (startsWith(groups, [0x2001, 0])) carried.push(ipv4At(groups, 32), inverted(ipv4At(groups, 96)));
  if (((groups[4] ?? 0) & 0xfdff) === 0 && groups[5] === 0x5efe) carried.push(ipv4At(groups, 96));
  return carried;
}

/** Eight groups of 16 bits. */
function groupsOf(address: string): readonly number[] {
  // The URL parser writes every form as hexadecimal groups.
  const [head = '', tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
  const read = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const before = read(head);
  if (tail === undefined) return before;
  const after = read(tail);
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function startsWith(groups: readonly number[], prefix: readonly number[]): boolean {
  return prefix.every((group, index) => groups[index] === group);
}

/** The IPv4 address that begins at a bit; the byte at bit 64 is skipped by the rules of RFC 6052. */
function ipv4At(groups: readonly number[], bit: number): string {
  const bytes = groups.flatMap((group) => [group >> 8, group & 0xff]);
  if (bit < 96 && bit >= 48) bytes.splice(8, 1);
  return bytes.slice(bit / 8, bit / 8 + 4).join('.');
}

function inverted(address: string): string {
  return address
    .split('.')
    .map((byte) => 255 - Number(byte))
    .join('.');
}
