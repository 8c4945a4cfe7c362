// Version: those of the CNI specification that the plugin speaks, and a result in the form of each.

import { Refusal } from './refusal.ts';
import { type CniResult, cniCode } from './request.ts';

/** Oldest first. */
export const versions = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;

export type Version = (typeof versions)[number];

/** The first version that has a command; those that are not here are in all of them. */
const firstOf: Readonly<Record<string, Version>> = { CHECK: '0.4.0', STATUS: '1.1.0', GC: '1.1.0' };

/** Throws Refusal when the version is unknown, or does not have the command. */
export function checkVersion(version: unknown, command: string): Version {
  const found = versions.find((known) => known === version);
  if (found === undefined) {
    const what = version === undefined ? 'missing' : `not spoken: ${JSON.stringify(version)?.slice(0, 100)}`;
    throw new Refusal(cniCode.incompatibleVersion, `cniVersion: ${what}`, `spoken are ${versions.join(', ')}`);
  }
  const first = firstOf[command];
  if (first === undefined || versions.indexOf(found) >= versions.indexOf(first)) return found;
  throw new Refusal(cniCode.incompatibleVersion, `CNI_COMMAND: ${command}: not in version ${found}`, `it is since ${first}`);
}

/** A result of version 1.1.0 as another one has it: before 1.1.0 there are no MTUs, and before 1.0.0 addresses tell their family. */
export function resultFor(version: Version, result: CniResult): object {
  if (version === '1.1.0') return { ...result, cniVersion: version };
  const withoutMtu = ({ mtu: _, ...rest }: { mtu?: number }): object => rest;
  const { interfaces = [], ips = [], routes = [] } = result;
  const family = ({ address }: { address: string }) => ({ version: address.includes(':') ? '6' : '4' });
  return {
    ...result,
    cniVersion: version,
    interfaces: interfaces.map(withoutMtu),
    ips: version === '1.0.0' ? ips : ips.map((ip) => ({ ...family(ip), ...ip })),
    routes: routes.map(withoutMtu),
  };
}
