// Random peers of Cilium's policies: one kind a rule, since they exclude each other.

import type { Outside, Pod, RandomCluster } from './cluster.ts';
import type { Dice } from './dice.ts';
import { externalName, podName } from './names.ts';
import { groupNames, serviceNames } from './references.ts';
import { ciliumPeer, oddPeer } from './selectors.ts';

export interface PeerRules {
  /** `fromEndpoints`, `toCIDRSet`, …; nothing for everybody. */
  readonly fields: Record<string, unknown>;
  /** Who is meant by it in most cases. */
  readonly aim: { readonly name: string; readonly pod?: Pod } | undefined;
}

interface PeerWish {
  readonly cluster: RandomCluster;
  readonly direction: 'ingress' | 'egress';
  readonly action: 'allow' | 'deny';
  readonly namespace: string | undefined;
}

export function randomPeers(dice: Dice, wish: PeerWish): PeerRules {
  const { cluster, direction, action } = wish;
  const egress = direction === 'egress';
  const prefix = egress ? 'to' : 'from';
  const kind = dice.weighted({
    endpoints: 44,
    cidr: 8,
    cidrSet: 10,
    entities: 14,
    services: egress ? 8 : 0,
    names: egress && action === 'allow' ? 8 : 0,
    everybody: 12,
    nobody: 4,
    odd: 4,
    groups: 1,
  });
  switch (kind) {
    case 'endpoints':
      return endpoints(dice, wish, prefix);
    case 'cidr':
    case 'cidrSet':
      return prefixes(dice, cluster, prefix, kind === 'cidrSet');
    case 'entities':
      return entities(dice, cluster, prefix);
    case 'services':
      return services(dice, cluster);
    case 'names':
      return names(dice, cluster);
    case 'nobody': {
      const field = dice.pick(['Endpoints', 'CIDR', 'CIDRSet', 'Entities']);
      return { fields: { [prefix + field]: dice.percent(70) ? [] : null }, aim: undefined };
    }
    case 'odd':
      return { fields: { [`${prefix}Endpoints`]: dice.list(1, 2, () => oddPeer(dice, cluster)) }, aim: anybody(dice, cluster) };
    case 'groups':
      return { fields: { [`${prefix}Groups`]: [{ aws: { securityGroupsNames: ['web'] } }] }, aim: undefined };
    case 'everybody':
      return { fields: {}, aim: anybody(dice, cluster) };
  }
}

function anybody(dice: Dice, { endpoints, externals }: RandomCluster): PeerRules['aim'] {
  if (dice.percent(35)) return { name: externalName(dice.pick(externals)) };
  const pod = dice.pick(endpoints);
  return { name: podName(pod), pod };
}

function endpoints(dice: Dice, { cluster, namespace }: PeerWish, prefix: string): PeerRules {
  const own = cluster.endpoints.filter((pod) => pod.namespace === namespace);
  const pick = (): Pod => dice.pick(own.length > 0 && dice.percent(60) ? own : cluster.endpoints);
  const pods = dice.list(1, dice.percent(75) ? 1 : 3, pick);
  const [pod] = pods as [Pod];
  return { fields: { [`${prefix}Endpoints`]: pods.map((one) => ciliumPeer(dice, one, namespace)) }, aim: { name: podName(pod), pod } };
}

const widerIpv4 = [8, 16, 24, 28, 32];
const widerIpv6 = [32, 48, 64, 128];

function prefixes(dice: Dice, { externals, endpoints }: RandomCluster, prefix: string, isSet: boolean): PeerRules {
  const targets = dice.percent(85) ? externals : endpoints.map(({ ip }): Outside => ({ ip }));
  const chosen = dice.some(targets, 1, dice.percent(70) ? 1 : 3);
  const aim = { name: nameOf(chosen[0] as Outside, endpoints) };
  if (!isSet) return { fields: { [`${prefix}CIDR`]: chosen.map(({ ip }) => around(dice, ip)) }, aim };
  const elements = chosen.map(({ ip }) => {
    if (dice.percent(25)) return groupElement(dice);
    const cidr = around(dice, ip);
    return { cidr, ...(dice.percent(45) && { except: excepted(dice, cidr, ip, externals) }) };
  });
  return { fields: { [`${prefix}CIDRSet`]: elements }, aim };
}

function nameOf(target: Outside, endpoints: readonly Pod[]): string {
  const pod = endpoints.find(({ ip }) => ip === target.ip);
  return pod === undefined ? externalName(target) : podName(pod);
}

function around(dice: Dice, ip: string): string {
  if (dice.percent(6)) return ip.includes(':') ? '::/0' : '0.0.0.0/0';
  // Bits behind the length are the reader's to clear.
  return `${ip}/${dice.pick(ip.includes(':') ? widerIpv6 : widerIpv4)}`;
}

function groupElement(dice: Dice): object {
  const except = dice.percent(40) ? { except: [dice.pick(['10.1.2.0/24', '203.0.113.8/29', '10.1.9.9/32'])] } : {};
  if (dice.percent(60)) return { cidrGroupRef: dice.pick([...groupNames, 'nobody']), ...except };
  return {
    cidrGroupSelector: dice.percent(70)
      ? { matchLabels: { kind: 'partner' } }
      : { matchExpressions: [{ key: 'kind', operator: 'Exists' }] },
    ...except,
  };
}

/** Within the prefix: addresses of externals that are really there, so that exceptions meet probes. */
function excepted(dice: Dice, cidr: string, ip: string, externals: readonly Outside[]): string[] {
  const length = Number(cidr.split('/')[1]);
  const full = ip.includes(':') ? 128 : 32;
  if (length === 0)
    return dice.some(
      externals.filter((one) => one.ip.includes(':') === ip.includes(':')).map((one) => `${one.ip}/${full}`),
      0,
      2,
    );
  const narrower = (ip.includes(':') ? widerIpv6 : widerIpv4).filter((one) => one > length);
  return dice.percent(60) || narrower.length === 0 ? [`${ip}/${full}`] : [`${ip}/${dice.pick(narrower)}`];
}

const entityNames = [
  'all',
  'world',
  'world',
  'cluster',
  'host',
  'remote-node',
  'kube-apiserver',
  'health',
  'ingress',
  'unmanaged',
  'init',
  'none',
];

function entities(dice: Dice, cluster: RandomCluster, prefix: string): PeerRules {
  const chosen = dice.some([...entityNames, 'world-ipv4', 'world-ipv6'], 1, 2);
  const target = cluster.externals.find(({ reserved = [] }) => chosen.some((name) => reserved.includes(name)));
  const outside = cluster.externals.filter(({ reserved }) => reserved === undefined);
  const aim = target ?? (chosen.some((name) => name.startsWith('world')) && outside.length > 0 ? dice.pick(outside) : undefined);
  const everybody = chosen.some((name) => name === 'all' || name === 'cluster');
  return { fields: { [`${prefix}Entities`]: chosen }, aim: everybody ? anybody(dice, cluster) : aim && { name: externalName(aim) } };
}

/** Services that are there, in most cases. */
function services(dice: Dice, cluster: RandomCluster): PeerRules {
  const there = cluster.services.filter(({ behind }) => behind !== undefined);
  const chosen = there.length > 0 && dice.percent(85) ? dice.pick(there) : undefined;
  const namespace = chosen?.namespace ?? dice.pick(cluster.namespaces).name;
  const name = chosen?.name ?? dice.pick([...serviceNames, 'nobody']);
  const first = dice.percent(65)
    ? { k8sService: { serviceName: name, ...(dice.percent(75) && { namespace }) } }
    : { k8sServiceSelector: { selector: { matchLabels: { svc: name } }, ...(dice.percent(60) && { namespace }) } };
  const more = dice.percent(70) ? [] : [{ k8sServiceSelector: { selector: { matchLabels: { tier: 'back' } } } }];
  return { fields: { toServices: [first, ...more] }, aim: chosen?.behind === undefined ? undefined : { name: chosen.behind } };
}

function names(dice: Dice, cluster: RandomCluster): PeerRules {
  if (dice.percent(6)) return { fields: { toFQDNs: [] }, aim: undefined };
  const known = cluster.externals.filter(({ fqdns }) => fqdns !== undefined);
  const target = known.length > 0 ? dice.pick(known) : undefined;
  const [name = 'www.example.com'] = target?.fqdns ?? [];
  const pattern = [`*.${name.split('.').slice(1).join('.')}`, `**.${name.split('.').slice(-1)}`, '*', name.replace(/^./, '*')];
  const first = dice.percent(50) ? { matchName: dice.percent(20) ? name.toUpperCase() : name } : { matchPattern: dice.pick(pattern) };
  const more = dice.list(0, 1, () => dice.pick([{ matchName: 'example.com' }, { matchPattern: '*.example.com' }]));
  return { fields: { toFQDNs: [first, ...more] }, aim: target === undefined ? undefined : { name: externalName(target) } };
}
