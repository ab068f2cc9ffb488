import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

const privateNetworks = new BlockList();
for (const [net, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
] as const) {
  privateNetworks.addSubnet(net, prefix, 'ipv4');
}
privateNetworks.addSubnet('fc00::', 7, 'ipv6');
privateNetworks.addSubnet('fe80::', 10, 'ipv6');

/** Where clouds hand out credentials to whoever asks from inside. Never an upstream. */
const metadata = new BlockList();
metadata.addAddress('169.254.169.254', 'ipv4');
metadata.addAddress('169.254.170.2', 'ipv4');
metadata.addAddress('169.254.170.23', 'ipv4');
metadata.addAddress('100.100.100.200', 'ipv4');
metadata.addAddress('fd00:ec2::254', 'ipv6');
metadata.addAddress('fd00:ec2::23', 'ipv6');
const metadataNames = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'instance-data',
  'instance-data.ec2.internal',
]);

/** Everything that is not a public unicast address: what a fetch for a client may not reach. */
const special = new BlockList();
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  special.addSubnet(net, prefix, 'ipv4');
}
special.addAddress('::', 'ipv6');
special.addSubnet('ff00::', 8, 'ipv6');
special.addSubnet('2001:db8::', 32, 'ipv6');
special.addSubnet('64:ff9b::', 96, 'ipv6');

/** `[::1]` and `::ffff:127.0.0.1` as the address they are; undefined for a name. */
function literal(host: string): { readonly address: string; readonly family: 'ipv4' | 'ipv6' } | undefined {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare);
  const address = mapped?.[1] ?? bare;
  const version = isIP(address);
  return version === 0 ? undefined : { address, family: version === 6 ? 'ipv6' : 'ipv4' };
}

function isIn(list: BlockList, host: string): boolean {
  const found = literal(host);
  return found !== undefined && list.check(found.address, found.family);
}

/** A loopback literal or a name that always means this machine. Names are not resolved. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return name === 'localhost' || name.endsWith('.localhost') || isIn(loopback, host);
}

/** A loopback or private literal. */
export function isPrivateAddress(address: string): boolean {
  return isIn(loopback, address) || isIn(privateNetworks, address);
}

export function isMetadataHost(host: string): boolean {
  return metadataNames.has(host.toLowerCase().replace(/\.$/, '')) || isIn(metadata, host);
}

/** True for addresses on the open internet. */
export function isPublicAddress(address: string): boolean {
  return (
    literal(address) !== undefined && !isPrivateAddress(address) && !isIn(special, address) && !isIn(metadata, address)
  );
}

/** Names that by convention only resolve inside a network; a bare name (`gpu-box`, `ollama`) is one too. */
export function isPrivateName(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return literal(name) === undefined && (!name.includes('.') || /\.(local|lan|home|internal|home\.arpa)$/.test(name));
}

/** The scheme's own where none is written. */
export function portOfUrl({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}
