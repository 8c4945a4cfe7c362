// Random selectors: mostly made of labels that a pod has, so that they select somebody, with every operator and every kind of key.

import { apps, environments, type Pod, type RandomCluster, teams, tiers, versions } from './cluster.ts';
import type { Dice } from './dice.ts';

export interface LabelSelector {
  readonly matchLabels?: Record<string, string> | null;
  readonly matchExpressions?: readonly object[] | null;
}

const values: Readonly<Record<string, readonly string[]>> = { app: apps, tier: tiers, version: versions };

/** Selects the pod, in most cases, by labels of its own. */
export function selectorOf(dice: Dice, { labels = {} }: Pick<Pod, 'labels'>, prefix: () => string = () => ''): LabelSelector {
  const own = Object.entries(labels).filter(([key]) => key in values || dice.percent(10));
  const kind = dice.weighted({ everybody: 9, label: 40, labels: 19, in: 10, exists: 6, notIn: 7, missing: 5, mixed: 4 });
  const [key, value] = dice.pick(own);
  const others = (values[key] ?? ['x', 'y']).filter((other) => other !== value);
  switch (kind) {
    case 'everybody':
      return dice.percent(80) ? {} : { matchLabels: dice.percent(50) ? {} : null, ...(dice.percent(30) && { matchExpressions: [] }) };
    case 'label':
      return { matchLabels: { [prefix() + key]: value } };
    case 'labels':
      return { matchLabels: Object.fromEntries(own.map(([one, text]) => [prefix() + one, text])) };
    case 'in':
      return { matchExpressions: [{ key: prefix() + key, operator: 'In', values: [value, ...dice.some(others, 0, 2)] }] };
    case 'exists':
      return { matchExpressions: [{ key: prefix() + key, operator: 'Exists' }] };
    case 'notIn':
      return { matchExpressions: [{ key: prefix() + key, operator: 'NotIn', values: dice.some([...others, 'none'], 1, 2) }] };
    case 'missing':
      return { matchExpressions: [{ key: prefix() + dice.pick(['version', 'tier', 'nothing']), operator: 'DoesNotExist' }] };
    case 'mixed':
      return {
        matchLabels: { [prefix() + key]: value },
        matchExpressions: [{ key: 'tier', operator: 'NotIn', values: [dice.pick(tiers)] }],
      };
  }
}

/** Before a key in Cilium's own policies; NetworkPolicy knows no sources. */
export function keySource(dice: Dice): () => string {
  return () => (dice.percent(85) ? '' : dice.pick(['k8s:', 'any:']));
}

/** A peer of a Cilium policy in `namespace` (undefined: clusterwide) that means `pod` in most cases. */
export function ciliumPeer(dice: Dice, pod: Pod, namespace: string | undefined): LabelSelector {
  const base = selectorOf(dice, pod, keySource(dice));
  const extra = pod.namespace === namespace && dice.percent(70) ? {} : scopeOf(dice, pod);
  return { ...base, matchLabels: { ...base.matchLabels, ...extra } };
}

/** Labels that reach into the pod's namespace; some that reach nowhere. */
function scopeOf(dice: Dice, { namespace, namespaceLabels = {}, serviceAccount }: Pod): Record<string, string> {
  const labels = Object.entries(namespaceLabels);
  switch (dice.weighted({ namespace: 50, label: 20, account: 8, cluster: 4, otherCluster: 2, filtered: 2, none: 14 })) {
    case 'namespace':
      return { [dice.pick(['k8s:io.kubernetes.pod.namespace', 'io.kubernetes.pod.namespace'])]: namespace };
    case 'label': {
      const [key, value] = dice.pick(labels);
      return { [`${dice.pick(['k8s:', ''])}io.cilium.k8s.namespace.labels.${key}`]: value };
    }
    case 'account':
      return { 'io.cilium.k8s.policy.serviceaccount': serviceAccount ?? 'default', 'k8s:io.kubernetes.pod.namespace': namespace };
    case 'cluster':
      return { 'k8s:io.cilium.k8s.policy.cluster': 'default' };
    case 'otherCluster':
      return { 'k8s:io.cilium.k8s.policy.cluster': 'other' };
    case 'filtered':
      return { 'pod-template-hash': 'abc' };
    case 'none':
      return {};
  }
}

/** Peers that are no pods, or that expressions about namespaces select. */
export function oddPeer(dice: Dice, { namespaces }: RandomCluster): LabelSelector {
  const expression = (key: string, operator: string, values?: readonly string[]): LabelSelector => ({
    matchExpressions: [{ key, operator, ...(values && { values }) }],
  });
  const team = 'io.cilium.k8s.namespace.labels.team';
  switch (dice.weighted({ reserved: 4, notTeam: 2, noTeam: 2, envs: 2, anyNamespace: 3, notNamespace: 2, accounts: 1, anyCluster: 1 })) {
    case 'reserved': {
      const name = dice.pick(['host', 'remote-node', 'health', 'ingress', 'unmanaged', 'kube-apiserver', 'world', 'world-ipv4', 'init']);
      return dice.percent(50) ? { matchLabels: { [`reserved:${name}`]: '' } } : expression(`reserved:${name}`, 'Exists');
    }
    case 'notTeam':
      return expression(team, 'NotIn', [dice.pick(teams)]);
    case 'noTeam':
      return expression(team, 'DoesNotExist');
    case 'envs':
      return expression('io.cilium.k8s.namespace.labels.env', 'In', dice.some(environments, 1, 2));
    case 'anyNamespace':
      return expression('k8s:io.kubernetes.pod.namespace', 'Exists');
    case 'notNamespace':
      return expression('io.kubernetes.pod.namespace', 'NotIn', [dice.pick(namespaces).name]);
    case 'accounts':
      return expression('io.cilium.k8s.policy.serviceaccount', 'In', ['default', 'web']);
    case 'anyCluster':
      return expression('io.cilium.k8s.policy.cluster', 'Exists');
  }
}

/** A selector of namespaces for NetworkPolicy. */
export function namespaceSelector(dice: Dice, { namespaceLabels = {} }: Pod): LabelSelector {
  const [key, value] = dice.pick(Object.entries(namespaceLabels));
  switch (dice.weighted({ everywhere: 25, label: 50, in: 10, notIn: 10, missing: 5 })) {
    case 'everywhere':
      return {};
    case 'label':
      return { matchLabels: { [key]: value } };
    case 'in':
      return { matchExpressions: [{ key, operator: 'In', values: [value, 'other'] }] };
    case 'notIn':
      return { matchExpressions: [{ key: 'team', operator: 'NotIn', values: [dice.pick(teams)] }] };
    case 'missing':
      return { matchExpressions: [{ key: dice.pick(['team', 'env']), operator: 'DoesNotExist' }] };
  }
}
