// What the runtime is told of an interface that was made, and whether what it was told before still holds.

import type { CniResult } from '../cni/request.ts';
import type { PodInterface } from './interfaces.ts';

const gateways = { 4: '169.254.1.1', 6: 'fe80::1' } as const;
const everywhere = { 4: '0.0.0.0/0', 6: '::/0' } as const;
const podEnd = 1;

/** In the form of CNI 1.0.0. */
export function resultOf({ device, gatewayMac, ifname, mac, mtu, netns, addresses }: PodInterface): CniResult {
  const families = addresses.map(familyOf);
  return {
    cniVersion: '1.0.0',
    interfaces: [
      { name: device, mac: gatewayMac, mtu },
      { name: ifname, mac, mtu, sandbox: netns },
    ],
    ips: addresses.map((address) => ({
      address: `${address}/${familyOf(address) === 4 ? 32 : 128}`,
      gateway: gateways[familyOf(address)],
      interface: podEnd,
    })),
    routes: families.map((family) => ({ dst: everywhere[family], gw: gateways[family] })),
    dns: {},
  };
}

/** In what an earlier result, which CHECK is given, differs from the interface; sentences. */
export function resultDifferences(row: PodInterface, earlier: unknown): string[] {
  const told = addressesOf(earlier);
  if (told === undefined) return [];
  const missing = told.filter((address) => !row.addresses.includes(address));
  const unsaid = row.addresses.filter((address) => !told.includes(address));
  return [
    ...missing.map((address) => `prevResult.ips: ${address}: not an address of this interface`),
    ...unsaid.map((address) => `prevResult.ips: ${address}: missing`),
  ];
}

function addressesOf(result: unknown): string[] | undefined {
  const ips = (result as { ips?: unknown } | null | undefined)?.ips;
  if (!Array.isArray(ips)) return undefined;
  return ips.map((ip: { address?: unknown } | null) => String(ip?.address).split('/')[0] ?? '');
}

function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}
