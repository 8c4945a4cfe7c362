// Policies that answer others: the other side lets in what a rule lets out. Without them most of what is allowed on one side would end at
// the other.

import type { Aim } from './aim.ts';
import type { RandomPolicy } from './cilium-policy.ts';
import type { RandomCluster } from './cluster.ts';
import type { Dice } from './dice.ts';
import { podName } from './names.ts';
import { keySource, selectorOf } from './selectors.ts';

/** Undefined: the other side is no pod, so nobody answers for it. */
export function answeringPolicy(dice: Dice, { endpoints }: RandomCluster, aim: Aim, name: string): RandomPolicy | undefined {
  const self = endpoints.find((pod) => podName(pod) === aim.peer);
  const other = endpoints.find((pod) => podName(pod) === aim.subject);
  if (self === undefined || other === undefined) return undefined;
  const direction = aim.direction === 'ingress' ? 'egress' : 'ingress';
  const selector = selectorOf(dice, other, keySource(dice));
  const namespace = { 'k8s:io.kubernetes.pod.namespace': other.namespace };
  const peers = [{ ...selector, matchLabels: { ...selector.matchLabels, ...namespace } }];
  const ports = portsOf(dice, aim);
  const rule = { [direction === 'ingress' ? 'fromEndpoints' : 'toEndpoints']: peers, ...ports };
  const manifest = {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata: { name, namespace: self.namespace },
    spec: { endpointSelector: selectorOf(dice, self, keySource(dice)), [direction]: [rule] },
  };
  const redirects = JSON.stringify(ports).includes('http');
  return { manifest, aims: [{ direction, action: 'allow', subject: aim.peer, peer: aim.subject, traffic: aim.traffic, redirects }] };
}

function portsOf(dice: Dice, { traffic }: Aim): object {
  const [first] = traffic;
  if (first === undefined || dice.percent(25)) return {};
  if (first.protocol.startsWith('ICMP')) {
    return { icmps: [{ fields: [{ family: first.protocol === 'ICMP' ? 'IPv4' : 'IPv6', type: first.port }] }] };
  }
  const rules = first.protocol === 'TCP' && dice.percent(35) ? { rules: { http: [{ method: 'GET' }] } } : {};
  return { toPorts: [{ ports: [{ port: `${first.port}`, protocol: first.protocol }], ...rules }] };
}
