import { BlockList } from 'node:net';
import { carriedAddresses, type IpAddress, ipAddress, plainHost } from './ip-address.ts';

/** How far a connection goes: not beyond this machine, not beyond the user's own network, anywhere. */
export const reaches = ['machine', 'network', 'internet'] as const;
export type Reach = (typeof reaches)[number];

const loopback = listOf('127.0.0.0/8', '::1/128');

/** Connecting to "all addresses" connects to this machine. */
const everywhere = listOf('0.0.0.0/32', '::/128');

/** 100.64.0.0/10 is that of carriers and of Tailscale. */
const privateNetworks = listOf(
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  'fc00::/7',
  'fe80::/10',
);

/** Where clouds hand out credentials to anything that asks from inside. Never an upstream. */
const metadata = listOf(
  // AWS, Google, Azure, Oracle, DigitalOcean, Hetzner, OpenStack and most others.
  '169.254.169.254/32',
  // Containers and pods on AWS.
  '169.254.170.2/32',
  '169.254.170.23/32',
  // Azure's host agent, Alibaba, Oracle's older regions, Scaleway, Tencent.
  '168.63.129.16/32',
  '100.100.100.200/32',
  '192.0.0.192/32',
  '169.254.42.42/32',
  '169.254.0.23/32',
  // AWS, Google, Oracle, Scaleway, Linode, OpenStack.
  'fd00:ec2::/32',
  'fd20:ce::254/128',
  'fd00:c1::a9fe:a9fe/128',
  'fd00:42::42/128',
  'fd00:a9fe:a9fe::1/128',
  'fe80::a9fe:a9fe/128',
);
const metadataNames = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'metadata.azure.internal',
  'metadata.tencentyun.com',
  'api.metadata.cloud.ibm.com',
  'instance-data',
  'instance-data.ec2.internal',
]);

/** What is not a public unicast address and not private either. */
const special = listOf(
  '0.0.0.0/8',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
);
/** All public addresses of IPv6 that were ever given out. */
const globalUnicast = listOf('2000::/3');
const nat64 = listOf('64:ff9b::/96');

function listOf(...networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    list.addSubnet(address, Number(prefix), address.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}

function has(list: BlockList, found: IpAddress | undefined): boolean {
  return found !== undefined && list.check(found.address, found.family);
}

/** A loopback literal or a name that always means this machine. Names are not resolved. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return name === 'localhost' || name.endsWith('.localhost') || has(loopback, ipAddress(host));
}

/** A loopback or private literal. */
export function isPrivateAddress(address: string): boolean {
  const found = ipAddress(address);
  return has(loopback, found) || has(privateNetworks, found);
}

/** How far a connection to a literal goes; what is not known to be near is far. */
export function reachOf(address: string): Reach {
  const found = ipAddress(address);
  if (has(loopback, found) || has(everywhere, found)) return 'machine';
  return has(privateNetworks, found) && !isMetadataHost(address) ? 'network' : 'internet';
}

/** True when a connection that goes as far as `reach` stays within `limit`. */
export function isWithin(reach: Reach, limit: Reach): boolean {
  return reaches.indexOf(reach) <= reaches.indexOf(limit);
}

/** A metadata address of a cloud in any spelling, also carried within an IPv6 address, or a name that means one. */
export function isMetadataHost(host: string): boolean {
  const plain = plainHost(host);
  const found = ipAddress(plain);
  if (found === undefined) return metadataNames.has(plain);
  return has(metadata, found) || carriedAddresses(found).some((carried) => has(metadata, ipAddress(carried)));
}

/** True for addresses on the open internet. An IPv4 address behind a NAT64 gateway is judged as what it is. */
export function isPublicAddress(address: string): boolean {
  const found = ipAddress(address);
  if (found === undefined || isMetadataHost(address)) return false;
  if (has(nat64, found)) return carriedAddresses(found).every(isPublicAddress);
  if (found.family === 'ipv6' && !has(globalUnicast, found)) return false;
  return !isPrivateAddress(address) && !has(special, found);
}

/** Names that by convention only resolve inside a network; a bare name (`gpu-box`, `ollama`) is one too. */
export function isPrivateName(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return ipAddress(name) === undefined && (!name.includes('.') || /\.(local|lan|home|internal|home\.arpa)$/.test(name));
}

/** The scheme's own where none is written. */
export function portOfUrl({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}
