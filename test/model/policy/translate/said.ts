// Policies in words: what was read, as lines that a truth table can hold.

import { type Peer, type Policy, type Rule, refText, type Traffic } from '../../../../orchestrator/model/policy/rule.ts';
import { type PolicyReading, readPolicy } from '../../../../orchestrator/model/policy/translate/read-policy.ts';
import type { ReadOptions } from '../../../../orchestrator/model/policy/translate/scope.ts';

export const options: ReadOptions = { clusterName: 'default', localCluster: false };

type Spec = Readonly<Record<string, unknown>>;

export function cnp(spec: Spec | Spec[]): object {
  const body = Array.isArray(spec) ? { specs: spec } : { spec: { endpointSelector: {}, ...spec } };
  return { apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata: { name: 'p', namespace: 'shop' }, ...body };
}

export function ccnp(spec: Spec): object {
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumClusterwideNetworkPolicy',
    metadata: { name: 'p' },
    spec: { endpointSelector: {}, ...spec },
  };
}

export function netpol(spec: Spec): object {
  const metadata = { name: 'p', namespace: 'shop' };
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec: { podSelector: {}, ...spec } };
}

export function read(object: unknown, more: Partial<ReadOptions> = {}): PolicyReading {
  return readPolicy(object, { ...options, stored: true, ...more });
}

/** Rules as `+in peer | peer : traffic`; a refused policy as its classes. */
export function said(reading: PolicyReading): string[] {
  if (reading.policy === undefined)
    return reading.problems.filter(({ severity }) => severity === 'error').map((problem) => `! ${problem.class}`);
  return reading.policy.sections.flatMap(({ rules }) => rules.map(ruleLine));
}

export function warned(reading: PolicyReading): string[] {
  return reading.problems.filter(({ severity }) => severity === 'warning').map((problem) => problem.class);
}

export function enforced({ policy }: PolicyReading): string[] {
  return (policy as Policy).sections.map(({ enforces }) =>
    (['ingress', 'egress'] as const)
      .filter((direction) => enforces[direction] !== undefined)
      .map((direction) => `${direction}${enforces[direction]?.defaultDeny ? '' : ' open'}`)
      .join(', '),
  );
}

export function subjects({ policy }: PolicyReading): (string | undefined)[] {
  return (policy as Policy).sections.map(({ subject }) => subject?.text);
}

export { refText };

function ruleLine({ direction, action, peers, traffic }: Rule): string {
  const sign = action === 'allow' ? '+' : '-';
  return `${sign}${direction === 'ingress' ? 'in' : 'out'} ${peers.map(peerText).join(' | ') || 'nobody'} : ${traffic.map(trafficText).join(' ') || 'nothing'}`;
}

function peerText(peer: Peer): string {
  switch (peer.kind) {
    case 'any':
      return 'any';
    case 'labels':
      return `{${peer.selector.text}}`;
    case 'prefix':
      return [peer.prefix.text, ...peer.except.map(({ text }) => `!${text}`)].join(' ');
    case 'name':
      return peer.name.text;
    case 'service':
      return `service ${peer.service.namespace ?? '*'}/${peer.service.name ?? `{${peer.service.selector?.text}}`}`;
    case 'group':
      return [`group ${peer.group.name ?? `{${peer.group.selector?.text}}`}`, ...peer.except.map(({ text }) => `!${text}`)].join(' ');
  }
}

const protocols: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmpv6', 132: 'sctp' };

function trafficText({ protocol, ports, layer7 }: Traffic): string {
  const name = protocol === undefined ? 'all' : (protocols[protocol] ?? String(protocol));
  const range =
    'name' in ports
      ? `/${ports.name}`
      : ports.first === 0 && ports.last === 0xffff
        ? ''
        : `/${ports.first}${ports.last > ports.first ? `-${ports.last}` : ''}`;
  return `${name}${range}${layer7 === undefined ? '' : `>${layer7.kind}`}`;
}
