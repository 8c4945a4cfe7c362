// Traffic classes: the ports that rules tell apart. Ports of one class get one verdict, so asking for one of them answers for all.

import type { Policy, PortRange } from '../../../model/policy/rule.ts';
import { type Protocol, protocolNumbers } from '../../../testing/message.ts';

export interface TrafficClass {
  readonly protocol: Protocol;
  /** Stands for the class. */
  readonly port: number;
  /** `5432/tcp`, `8000-8080/tcp`, `other tcp`. */
  readonly text: string;
}

interface KnownProtocol {
  readonly last: number;
  /** What stands for ports (types) that no rule names, if it is free. */
  readonly usual: number;
}

const known: Readonly<Record<Protocol, KnownProtocol>> = {
  tcp: { last: 65535, usual: 1 },
  udp: { last: 65535, usual: 1 },
  sctp: { last: 65535, usual: 1 },
  icmp: { last: 255, usual: 8 },
  icmpv6: { last: 255, usual: 128 },
};

/** `numbersOf` gives what a port name means anywhere in the cluster. */
export function trafficClasses(policies: readonly Policy[], numbersOf: (name: string) => readonly number[]): TrafficClass[] {
  const traffic = policies.flatMap(({ sections }) => sections.flatMap(({ rules }) => rules.flatMap((rule) => rule.traffic)));
  return (Object.keys(known) as Protocol[]).flatMap((protocol) => {
    const { last, usual } = known[protocol];
    const ranges = traffic
      .filter((one) => one.protocol === protocolNumbers[protocol])
      .flatMap(({ ports }) => ('name' in ports ? numbersOf(ports.name).map((port) => ({ first: port, last: port })) : [ports]))
      .filter((range) => range.last >= range.first && !(range.first <= 1 && range.last >= last));
    return [...named(protocol, ranges), ...otherClass(protocol, ranges, usual, last)];
  });
}

/** Ranges cut where any of them begins or ends. */
function named(protocol: Protocol, ranges: readonly PortRange[]): TrafficClass[] {
  const cuts = [...new Set(ranges.flatMap(({ first, last }) => [first, last + 1]))].sort((a, b) => a - b);
  return cuts.slice(0, -1).flatMap((first, index) => {
    const last = cuts[index + 1] - 1;
    if (!ranges.some((range) => range.first <= first && last <= range.last)) return [];
    return [{ protocol, port: first, text: `${first === last ? first : `${first}-${last}`}/${protocol}` }];
  });
}

/** What no range covers: all of it is treated alike. */
function otherClass(protocol: Protocol, ranges: readonly PortRange[], usual: number, last: number): TrafficClass[] {
  const isFree = (port: number) => port <= last && !ranges.some((range) => range.first <= port && port <= range.last);
  const port = [usual, 1, ...ranges.map((range) => range.last + 1)].find(isFree);
  if (port === undefined) return [];
  return [{ protocol, port, text: ranges.length === 0 ? `any ${protocol}` : `other ${protocol}` }];
}
