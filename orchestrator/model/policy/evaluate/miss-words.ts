// Words of misses: what a rule lacks to allow a packet, and what a user can do about it.

import { namespaceKey } from '../../pod-labels.ts';
import type { Direction } from '../rule.ts';
import type { NearMiss, PeerMiss, RequirementMiss, TrafficMiss } from './miss.ts';
import {
  type FlowWords,
  hasWords,
  listWords,
  packetWords,
  policyWords,
  protocolName,
  requirementWords,
  ruleWords,
  shortPath,
  trafficWords,
} from './words.ts';

/** One sentence: `rule egress[1] of shop/checkout allows this peer on 443/TCP, the packet wants 8443/TCP`. */
export function missWords({ rule, empty, peer, traffic, subject, direction }: NearMiss, flow: FlowWords, asked: Direction): string {
  const words = ruleWords(rule);
  const self = asked === 'egress' ? flow.from : flow.to;
  if (empty) return `${words} allows nothing: it has no peers or no traffic`;
  if (direction !== undefined) return `${words} allows this as ${direction} of ${self}, but the packet is its ${asked}`;
  if (subject !== undefined)
    return `${words} would allow it, but speaks of endpoints with ${wantsWords(subject)}; ${self} has ${lacksWords(subject)}`;
  if (peer !== undefined && traffic !== undefined)
    return `${words} ${peerWords(peer, flow, asked)}; and ${trafficMissWords(traffic, flow)}`;
  if (peer !== undefined) return `${words} ${peerWords(peer, flow, asked)}`;
  return `${words} ${traffic === undefined ? 'allows it' : `allows this peer on ${trafficMissWords(traffic, flow, true)}`}`;
}

function trafficMissWords(miss: TrafficMiss, flow: FlowWords, isBare = false): string {
  const wants = `${isBare ? '' : 'only on '}${trafficWords(miss.wants)}`;
  const packet = packetWords(flow.protocol, flow.port);
  if (miss.part === 'icmp') return `${wants}, the packet is ${packet}, which ports never allow`;
  if (miss.part !== 'port-name') return `${wants}, the packet wants ${packet}`;
  const why =
    miss.numbers.length === 0
      ? `no pod it means has a ${protocolName(flow.protocol)} port of that name`
      : `it means several: ${listWords(miss.numbers.map(String))}`;
  return `${wants}, but port name "${miss.name}" means nothing here: ${why}`;
}

function peerWords(miss: PeerMiss, flow: FlowWords, asked: Direction): string {
  const other = asked === 'egress' ? flow.to : flow.from;
  switch (miss.part) {
    case 'labels':
      return `wants ${wantsWords(miss.requirements)}, this peer has ${lacksWords(miss.requirements)}`;
    case 'no-pod':
      return `means pods${miss.requirements.length === 0 ? '' : ` with ${listWords(miss.requirements.map(requirementWords))}`}, and ${other} is none`;
    case 'prefix':
      return `allows ${miss.prefix}, ${other} is outside`;
    case 'except':
      return `allows ${miss.prefix} except ${miss.except}, where ${other} is`;
    case 'prefix-of-endpoint':
      return `allows ${miss.prefix}, but prefixes do not mean pods and nodes, and ${other} is one`;
    case 'name':
      return `allows ${miss.name.value}, ${nameWords(miss.state, flow)}`;
    default:
      return 'allows a service or group that stands for nobody at present';
  }
}

function nameWords(state: Extract<PeerMiss, { part: 'name' }>['state'], { from, to }: FlowWords): string {
  if (state === 'expired') return `of which ${from} knows ${to} no longer: the answer expired`;
  return state === 'unresolved' ? `which ${from} has not resolved to ${to}` : `but names mean addresses outside, and ${to} is not one`;
}

function wantsWords(misses: readonly RequirementMiss[]): string {
  return listWords(misses.map(requirementWords));
}

function lacksWords(misses: readonly RequirementMiss[]): string {
  return listWords(misses.map(hasWords));
}

/** What to change; nothing when nothing simple helps. */
export function adviceWords({ rule, empty, peer, traffic, subject, direction }: NearMiss, flow: FlowWords, asked: Direction): string[] {
  const where = `${shortPath(rule.path)} of ${policyWords(rule.policy)}`;
  const self = asked === 'egress' ? flow.from : flow.to;
  if (empty) return [`give ${where} peers or ports`];
  if (direction !== undefined) return [`say the same under ${asked}`];
  if (subject !== undefined) return [`give ${self} ${wantsWords(subject)}, or select it in ${policyWords(rule.policy)}`];
  return [
    ...(traffic === undefined ? [] : trafficAdvice(traffic, where, flow)),
    ...(peer === undefined ? [] : peerAdvice(peer, where, flow, asked)),
  ];
}

function trafficAdvice(miss: TrafficMiss, where: string, flow: FlowWords): string[] {
  const packet = packetWords(flow.protocol, flow.port);
  if (miss.part === 'icmp') return [`allow ${packet} by icmps, in a rule beside ${where}`];
  if (miss.part === 'port-name' && miss.numbers.length !== 1)
    return [`write the number ${flow.port} instead of "${miss.name}" in ${where}, or name the port in the pod`];
  return [packet.startsWith('ICMP') ? `add ${packet} to ${where}` : `add port ${packet} to ${where}`];
}

function peerAdvice(miss: PeerMiss, where: string, flow: FlowWords, asked: Direction): string[] {
  const other = asked === 'egress' ? flow.to : flow.from;
  switch (miss.part) {
    case 'labels':
      return [...namespaceAdvice(miss.requirements, where), `let ${where} select ${other} too`].slice(0, 1);
    case 'no-pod':
      return [`allow ${other} by a prefix, a name or an entity in a rule beside ${where}`];
    case 'prefix':
      return [`add a prefix with ${other} to ${where}`];
    case 'except':
      return [`take ${miss.except} off the exceptions of ${where}`];
    case 'prefix-of-endpoint':
      return [`select ${other} by its labels or entity in a rule beside ${where}`];
    case 'name':
      return miss.state === 'not-outside'
        ? [`select ${other} by its labels or entity in a rule beside ${where}`]
        : [`let ${flow.from} resolve ${miss.name.value} ${miss.state === 'expired' ? 'again' : 'through the DNS proxy'}`];
    default:
      return [];
  }
}

/** Selectors mean the policy's own namespace unless they name another, which users often do not expect. */
function namespaceAdvice(misses: readonly RequirementMiss[], where: string): string[] {
  const [{ key, has } = { key: '', has: [] }, ...others] = misses;
  if (key !== namespaceKey || others.length > 0 || has.length === 0) return [];
  return [`name the peer's namespace in ${where}: k8s:${namespaceKey}: ${has[0]}`];
}
