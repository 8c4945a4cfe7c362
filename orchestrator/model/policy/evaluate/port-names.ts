// Port names: which number a rule means by one. Pods name their ports, so the answer depends on whose port is meant.

import type { NamedPort } from '../../identity.ts';
import { selects } from '../../selector.ts';
import type { PortName, Rule } from '../rule.ts';
import type { Subject } from './question.ts';

/**
 * Numbers that a name stands for, per protocol. Of ingress: the subject's own port. Of egress: what the pods that the rule's peers select
 * call so; every pod when the rule speaks of every peer. One number is what it means; none or several: it means nothing.
 */
export function portsOfName(
  rule: Rule,
  { name }: PortName,
  protocol: number | undefined,
  subject: Subject,
  pods: readonly Subject[],
): number[] {
  const asked = rule.direction === 'ingress' ? [subject] : pods.filter((pod) => isPeer(rule, pod));
  const numbers = new Set<number>();
  for (const pod of asked) for (const port of pod.namedPorts) if (isNamed(port, name, protocol)) numbers.add(port.port);
  return [...numbers].sort((a, b) => a - b);
}

function isNamed(port: NamedPort, name: string, protocol: number | undefined): boolean {
  return port.name === name && port.protocol === protocol;
}

/** Pods are peers by their labels alone; prefixes and names never mean one. */
function isPeer(rule: Rule, pod: Subject): boolean {
  return rule.peers.some((peer) => peer.kind === 'any' || (peer.kind === 'labels' && selects(peer.selector, pod.labels)));
}
