// Traffic misses: why a rule's traffic does not cover a packet.

import { protocolNumbers } from '../../../net/transport.ts';
import type { Rule, Traffic } from '../rule.ts';
import { inRange, isPortName } from './match.ts';
import type { TrafficMiss } from './miss.ts';
import { portsOfName } from './port-names.ts';
import type { Question, View } from './question.ts';

/** Undefined: the rule speaks of such packets. */
export function trafficMiss(view: View, rule: Rule, question: Question): TrafficMiss | undefined {
  const misses = rule.traffic.map((traffic) => missOf(view, rule, traffic, question));
  if (misses.includes(undefined)) return undefined;
  return (misses as TrafficMiss[]).sort((a, b) => trafficDistance(a) - trafficDistance(b))[0];
}

/** Larger is further away. */
export function trafficDistance({ part }: TrafficMiss): number {
  return { 'port-name': 1, port: 1, protocol: 2, icmp: 3 }[part];
}

function missOf(view: View, rule: Rule, traffic: Traffic, { protocol, port, subject }: Question): TrafficMiss | undefined {
  const wants = rule.traffic;
  if (traffic.protocol === undefined) return undefined;
  if (traffic.protocol !== protocol) return { part: isIcmp(protocol) && !isIcmp(traffic.protocol) ? 'icmp' : 'protocol', wants };
  if (!isPortName(traffic.ports)) return inRange(traffic.ports, port) ? undefined : { part: 'port', wants };
  const numbers = portsOfName(rule, traffic.ports, protocol, subject, view.pods);
  if (numbers.length !== 1) return { part: 'port-name', name: traffic.ports.name, numbers, wants };
  return numbers[0] === port ? undefined : { part: 'port', wants };
}

export function isIcmp(protocol: number): boolean {
  return protocol === protocolNumbers.icmp || protocol === protocolNumbers.icmpv6;
}
