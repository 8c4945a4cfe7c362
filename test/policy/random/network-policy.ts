// Random NetworkPolicies, as the API server takes them.

import type { Aim } from './aim.ts';
import type { RandomPolicy } from './cilium-policy.ts';
import type { Pod, RandomCluster } from './cluster.ts';
import type { Dice } from './dice.ts';
import { externalName, podName } from './names.ts';
import { kubernetesPort } from './ports.ts';
import { namespaceSelector, selectorOf } from './selectors.ts';

type Direction = Aim['direction'];

interface Peer {
  readonly fields: object;
  readonly name: string;
  readonly pod?: Pod;
}

export function randomNetworkPolicy(dice: Dice, cluster: RandomCluster, name: string): RandomPolicy {
  const subject = dice.pick(cluster.endpoints);
  const types = dice.weighted({ absent: 15, Ingress: 30, Egress: 25, both: 30 });
  const spec: Record<string, unknown> = { podSelector: selectorOf(dice, subject) };
  const aims: Aim[] = [];
  if (types !== 'absent') spec.policyTypes = types === 'both' ? ['Ingress', 'Egress'] : [types];
  for (const direction of ['ingress', 'egress'] as const) {
    const named = direction === 'ingress' ? 'Ingress' : 'Egress';
    const wanted = types === 'both' || types === named || types === 'absent';
    // Rules of a type that is not named do nothing.
    if (!dice.percent(wanted ? 80 : 8)) continue;
    const rules = dice.percent(12) ? [] : dice.list(1, 2, () => randomRule(dice, cluster, subject, direction));
    spec[direction] = rules.map(({ fields }) => fields);
    aims.push(...rules.map(({ aim }) => aim));
  }
  return {
    manifest: { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace: subject.namespace }, spec },
    aims,
  };
}

function randomRule(dice: Dice, cluster: RandomCluster, subject: Pod, direction: Direction): { fields: object; aim: Aim } {
  const peers = dice.list(dice.percent(12) ? 0 : 1, 2, () => randomPeer(dice, cluster, subject));
  const [first] = peers;
  const ports = dice.list(dice.percent(25) ? 0 : 1, 3, () => kubernetesPort(dice, direction === 'ingress' ? subject : first?.pod));
  const field = direction === 'ingress' ? 'from' : 'to';
  const fields = {
    ...((peers.length > 0 || dice.percent(30)) && { [field]: peers.map((peer) => peer.fields) }),
    ...((ports.length > 0 || dice.percent(30)) && { ports: ports.map((port) => port.fields) }),
  };
  const traffic = ports.length > 0 ? ports.map((port) => port.traffic) : [{ protocol: dice.pick(['TCP', 'ICMP']), port: 8 }];
  return { fields, aim: { direction, action: 'allow', subject: podName(subject), peer: first?.name, traffic, redirects: false } };
}

function randomPeer(dice: Dice, { endpoints, externals }: RandomCluster, subject: Pod): Peer {
  const kind = dice.weighted({ pods: 35, namespaces: 18, both: 22, block: 25 });
  if (kind === 'block') return block(dice, endpoints, externals);
  const own = endpoints.filter(({ namespace }) => namespace === subject.namespace);
  const pod = dice.pick(kind === 'pods' ? own : endpoints);
  const fields = {
    ...(kind !== 'namespaces' && { podSelector: selectorOf(dice, pod) }),
    ...(kind !== 'pods' && { namespaceSelector: namespaceSelector(dice, pod) }),
  };
  return { fields, name: podName(pod), pod };
}

function block(dice: Dice, endpoints: RandomCluster['endpoints'], externals: RandomCluster['externals']): Peer {
  const external = dice.pick(externals);
  const pod = dice.percent(15) ? dice.pick(endpoints) : undefined;
  const { ip } = pod ?? external;
  const isIpv6 = ip.includes(':');
  const length = dice.pick(isIpv6 ? [0, 16, 48, 128] : [0, 8, 16, 24, 32]);
  const cidr = length === 0 ? (isIpv6 ? '::/0' : '0.0.0.0/0') : `${ip}/${length}`;
  const except = length < (isIpv6 ? 128 : 32) && dice.percent(40) ? { except: [`${ip}/${isIpv6 ? 128 : dice.pick([32, 30])}`] } : {};
  return { fields: { ipBlock: { cidr, ...except } }, name: pod === undefined ? externalName(external) : podName(pod) };
}
