// The little cluster in which packet cases play: every name has an address of each family, so that one case serves both.

export type Family = 'ipv4' | 'ipv6';

export const families: readonly Family[] = ['ipv4', 'ipv6'];

/** Local pods are client, server, other and sidecar; the rest are what a node meets around it. */
export const hosts = {
  client: { ipv4: '10.0.0.10', ipv6: 'fd00::10' },
  server: { ipv4: '10.0.0.20', ipv6: 'fd00::20' },
  other: { ipv4: '10.0.0.30', ipv6: 'fd00::30' },
  nobody: { ipv4: '10.0.0.99', ipv6: 'fd00::99' },
  host: { ipv4: '10.0.0.1', ipv6: 'fd00::1' },
  /** The network's own address: the low half of it is all zero. */
  speaker: { ipv4: '10.0.0.0', ipv6: 'fd00::' },
  remote: { ipv4: '10.1.0.10', ipv6: 'fd01::10' },
  remote2: { ipv4: '10.1.0.20', ipv6: 'fd01::20' },
  stranger: { ipv4: '10.2.0.10', ipv6: 'fd02::10' },
  world: { ipv4: '198.51.100.7', ipv6: '2001:db8::7' },
  world2: { ipv4: '198.51.100.8', ipv6: '2001:db8::8' },
  router: { ipv4: '192.0.2.1', ipv6: '2001:db8:ffff::1' },
  vip: { ipv4: '10.96.0.10', ipv6: 'fd96::10' },
  vip2: { ipv4: '10.96.0.20', ipv6: 'fd96::20' },
  node1: { ipv4: '192.168.0.1', ipv6: 'fd68::1' },
  node2: { ipv4: '192.168.0.2', ipv6: 'fd68::2' },
  hairpin: { ipv4: '169.254.42.1', ipv6: 'fe80::42:1' },
} as const satisfies Record<string, Record<Family, string>>;

export type HostName = keyof typeof hosts;

export function hostAddress(name: string, family: Family): string {
  const host = (hosts as Record<string, Record<Family, string>>)[name];
  if (host === undefined) throw new TypeError(`world: no host of that name: "${name}"`);
  return host[family];
}

/** Name of whoever has an address, for messages; the address itself when nobody has it. */
export function nameOfAddress(address: string): string {
  for (const [name, addresses] of Object.entries(hosts)) {
    if (addresses.ipv4 === address || addresses.ipv6 === address) return name;
  }
  return address;
}

/** Prefixes that cover the hosts around the node. */
export const prefixes = {
  remotePods: { ipv4: '10.1.0.0/16', ipv6: 'fd01::/16' },
  world: { ipv4: '198.51.100.0/24', ipv6: '2001:db8::/64' },
} as const satisfies Record<string, Record<Family, string>>;
