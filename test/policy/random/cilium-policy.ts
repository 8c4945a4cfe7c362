// Random CiliumNetworkPolicies and CiliumClusterwideNetworkPolicies.

import type { Aim } from './aim.ts';
import type { Pod, RandomCluster } from './cluster.ts';
import type { Dice } from './dice.ts';
import { podName } from './names.ts';
import { randomPeers } from './peers.ts';
import { randomPorts } from './ports.ts';
import { keySource, selectorOf } from './selectors.ts';

export interface RandomPolicy {
  readonly manifest: object;
  readonly aims: readonly Aim[];
}

interface Spec {
  readonly fields: Record<string, unknown>;
  readonly aims: readonly Aim[];
}

export function randomCiliumPolicy(dice: Dice, cluster: RandomCluster, name: string): RandomPolicy {
  const isClusterwide = dice.percent(25);
  const namespace = isClusterwide ? undefined : dice.pick(cluster.endpoints).namespace;
  const kind = isClusterwide ? 'CiliumClusterwideNetworkPolicy' : 'CiliumNetworkPolicy';
  const metadata = { name, ...(namespace !== undefined && { namespace }) };
  const shape = dice.weighted({ spec: 82, specs: 14, both: 4 });
  const first = randomSpec(dice, cluster, namespace);
  const more = shape === 'spec' ? [] : dice.list(1, 2, () => randomSpec(dice, cluster, namespace));
  const specs = { spec: [], specs: [first, ...more], both: more }[shape];
  const manifest = {
    apiVersion: 'cilium.io/v2',
    kind,
    metadata,
    ...(shape !== 'specs' && { spec: first.fields }),
    ...(specs.length > 0 && { specs: specs.map(({ fields }) => fields) }),
  };
  return { manifest, aims: [first, ...more].flatMap(({ aims }) => aims) };
}

function randomSpec(dice: Dice, cluster: RandomCluster, namespace: string | undefined): Spec {
  if (namespace === undefined && dice.percent(3)) return { fields: { nodeSelector: {}, ingress: [{}] }, aims: [] };
  const own = cluster.endpoints.filter((pod) => namespace === undefined || pod.namespace === namespace);
  const subject = dice.pick(own);
  const fields: Record<string, unknown> = { endpointSelector: selectorOf(dice, subject, keySource(dice)) };
  const aims: Aim[] = [];
  const directions = dice.weighted({ ingress: 40, egress: 35, both: 25 });
  for (const direction of ['ingress', 'egress'] as const) {
    if (directions !== direction && directions !== 'both') continue;
    const actions = dice.weighted({ allow: 80, deny: 7, both: 13 });
    for (const action of ['allow', 'deny'] as const) {
      if (actions !== action && actions !== 'both') continue;
      const rules = dice.list(1, 3, () => randomRule(dice, cluster, { subject, namespace, direction, action }));
      fields[action === 'allow' ? direction : `${direction}Deny`] = rules.map(({ fields: rule }) => rule);
      aims.push(...rules.flatMap(({ aims: some }) => some));
    }
    // An empty list says nothing beside the other one; alone it would be refused.
    if (actions === 'deny' && dice.percent(10)) fields[direction] = dice.percent(50) ? [] : null;
  }
  if (dice.percent(14))
    fields.enableDefaultDeny = dice.pick([
      { ingress: false },
      { egress: false },
      { ingress: false, egress: false },
      { ingress: true, egress: true },
    ]);
  if (dice.percent(5)) fields.description = 'as the team wants it';
  return { fields, aims };
}

interface RuleWish {
  readonly subject: Pod;
  readonly namespace: string | undefined;
  readonly direction: 'ingress' | 'egress';
  readonly action: 'allow' | 'deny';
}

function randomRule(dice: Dice, cluster: RandomCluster, { subject, namespace, direction, action }: RuleWish): Spec {
  if (dice.percent(4)) return { fields: {}, aims: [] };
  const peers = randomPeers(dice, { cluster, direction, action, namespace });
  // Names look ports up over pods: of ingress the subject's own, of egress the peers'.
  const ports = randomPorts(dice, direction === 'ingress' ? subject : peers.aim?.pod, direction, action);
  const aim: Aim = {
    direction,
    action,
    subject: podName(subject),
    peer: peers.aim?.name,
    traffic: ports.traffic,
    redirects: ports.redirects,
  };
  // Neither peers nor ports: it allows nothing. Seldom is that what was wanted.
  if (Object.keys({ ...peers.fields, ...ports.fields }).length === 0 && dice.percent(75))
    peers.fields[direction === 'ingress' ? 'fromEntities' : 'toEntities'] = ['all'];
  const authentication = action === 'allow' && dice.percent(1.5) ? { authentication: { mode: dice.pick(['required', 'disabled']) } } : {};
  return { fields: { ...peers.fields, ...ports.fields, ...authentication }, aims: peers.aim === undefined ? [] : [aim] };
}
