// Words: rules, traffic and requirements as people say them.

import { protocolNumbers } from '../../../net/transport.ts';
import { clusterKey, namespaceKey, namespaceLabelPrefix, serviceAccountKey } from '../../pod-labels.ts';
import type { Requirement } from '../../selector.ts';
import { type PolicyRef, type Rule, refText, type Traffic } from '../rule.ts';
import { isPortName } from './match.ts';
import type { RequirementMiss } from './miss.ts';

/** A flow as its reader names it. */
export interface FlowWords {
  readonly from: string;
  readonly to: string;
  readonly protocol: number;
  readonly port: number;
}

const protocolNames = new Map<number, string>([
  [protocolNumbers.icmp, 'ICMP'],
  [protocolNumbers.icmpv6, 'ICMPv6'],
  [protocolNumbers.tcp, 'TCP'],
  [protocolNumbers.udp, 'UDP'],
  [protocolNumbers.sctp, 'SCTP'],
]);

/** `rule egress[1] of shop/checkout`; other kinds than CiliumNetworkPolicy are named. */
export function ruleWords({ path, policy }: Pick<Rule, 'path' | 'policy'>): string {
  return `rule ${shortPath(path)} of ${policyWords(policy)}`;
}

export function policyWords(policy: PolicyRef): string {
  return policy.kind === 'CiliumNetworkPolicy' ? `${policy.namespace}/${policy.name}` : refText(policy);
}

/** Where there is one `spec` only, nobody says so. */
export function shortPath(path: string): string {
  return path.replace(/^spec\./, '');
}

/** `8443/TCP`, `ICMP type 8`. */
export function packetWords(protocol: number, port: number): string {
  const name = protocolName(protocol);
  if (isIcmpName(name)) return `${name} type ${port}`;
  return `${port}/${name}`;
}

export function protocolName(protocol: number): string {
  return protocolNames.get(protocol) ?? `protocol ${protocol}`;
}

/** `80/TCP, 8000-8010/ANY`: ports that are the same for TCP, UDP and SCTP are said once. */
export function trafficWords(traffic: readonly Traffic[]): string {
  const protocols = new Map<string, Set<string>>();
  for (const one of traffic) {
    const ports = portWords(one);
    const name = one.protocol === undefined ? '' : protocolName(one.protocol);
    protocols.set(ports, (protocols.get(ports) ?? new Set<string>()).add(name));
  }
  return [...protocols].flatMap(([ports, names]) => joined(ports, [...names])).join(', ');
}

function joined(ports: string, names: string[]): string[] {
  const isAny = ['TCP', 'UDP', 'SCTP'].every((name) => names.includes(name));
  const rest = isAny ? ['ANY', ...names.filter((name) => name === '' || isIcmpName(name))] : names;
  return rest.map((name) => (name === '' ? 'everything' : isIcmpName(name) ? `${name} type ${ports}` : `${ports}/${name}`));
}

function portWords({ ports }: Traffic): string {
  if (isPortName(ports)) return `"${ports.name}"`;
  if (ports.first === 0 && ports.last === 65535) return 'every port';
  return ports.first === ports.last ? String(ports.first) : `${ports.first}-${ports.last}`;
}

function isIcmpName(name: string): boolean {
  return name.startsWith('ICMP');
}

/** `app=api`, `tier in (back, front)`, `a namespace label team`, `entity world`. */
export function requirementWords({ source, key, operator, values }: Requirement): string {
  const name = keyWords(source, key);
  if (source === 'reserved') return operator === 'In' || operator === 'Exists' ? name : `not ${name}`;
  if (operator === 'Exists') return `any ${name}`;
  if (operator === 'DoesNotExist') return `no ${name}`;
  const [only, ...others] = values;
  const list = `(${values.join(', ')})`;
  if (operator === 'In') return others.length === 0 ? `${name}=${only}` : `${name} in ${list}`;
  return others.length === 0 ? `${name} other than ${only}` : `${name} outside ${list}`;
}

/** `app=checkout`, `no tier`. */
export function hasWords({ source, key, has }: RequirementMiss): string {
  const name = keyWords(source, key);
  return has.length === 0 || source === 'reserved'
    ? `${has.length === 0 ? 'no' : ''} ${name}`.trim()
    : has.map((value) => `${name}=${value}`).join(', ');
}

const plainKeys = new Map([
  [namespaceKey, 'namespace'],
  [clusterKey, 'cluster'],
  [serviceAccountKey, 'service account'],
]);

function keyWords(source: string, key: string): string {
  if (source === 'reserved') return `entity ${key}`;
  if (key.startsWith(namespaceLabelPrefix)) return `namespace label ${key.slice(namespaceLabelPrefix.length)}`;
  return plainKeys.get(key) ?? (source === 'any' || source === 'k8s' ? key : `${source}:${key}`);
}

/** `a`, `a and b`, `a, b and c`. */
export function listWords(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
