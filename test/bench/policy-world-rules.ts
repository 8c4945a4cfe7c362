// Policies of the benchmark's cluster: what teams write for an app, for a whole namespace and for the cluster.

import type { NameSelector, Peer, Policy, PolicyRef, Rule, Section, Traffic } from '../../orchestrator/model/policy/rule.ts';
import { makeSelector, type Requirement, type Selector } from '../../orchestrator/model/selector.ts';
import { parsePrefix } from '../../orchestrator/net/prefix.ts';

/** A namespace and what its labels say. */
export interface Place {
  readonly namespace: string;
  readonly team: string;
  readonly environment: string;
}

export const appNames = [
  ...['web', 'api', 'auth', 'cart', 'search', 'mail', 'users', 'orders', 'stock', 'prices', 'images', 'queue'],
  ...['worker', 'cron', 'cache', 'db', 'proxy', 'audit', 'billing', 'reports', 'gateway', 'events', 'export', 'feed'],
];
export const prefixTexts = [
  ...Array.from({ length: 300 }, (_, index) => `198.${18 + (index >> 8)}.${index & 255}.0/24`),
  ...Array.from({ length: 100 }, (_, index) => `198.18.${index}.${(index * 7) % 256}/32`),
  ...Array.from({ length: 40 }, (_, index) => `2001:db8:${index.toString(16)}::/48`),
  '198.18.0.0/20',
  '10.0.0.0/8',
  '10.99.0.0/16',
];
const nameSelectors: readonly NameSelector[] = [
  ...Array.from({ length: 90 }, (_, index) => nameSelector('name', `api-${index}.example.com`)),
  ...Array.from({ length: 30 }, (_, index) => nameSelector('pattern', `*.region-${index}.example.net`)),
];
export const nameTexts = nameSelectors.map(({ text }) => text);

const portNumbers = [80, 443, 5432, 6379, 8080, 8443, 9000, 9092, 9200, 27017];
const tcp = 6;
const udp = 17;

type Next = () => number;
type Wanted = Pick<Rule, 'direction' | 'peers' | 'traffic'> & { readonly action?: 'deny' };

/** What one app takes and gives: two rules in each direction, 5 to 9 selectors. */
export function appPolicy(place: Place, app: string, index: number, next: Next): Policy {
  const wanted: Wanted[] = [
    { direction: 'ingress', peers: appPeers(place, 3, next), traffic: ports(2, next) },
    { direction: 'ingress', peers: [teamPeer(place, pick(appNames, next))], traffic: webTraffic(index, next) },
    { direction: 'egress', peers: appPeers(place, 3, next), traffic: ports(2, next) },
    { direction: 'egress', peers: outsidePeers(index, next), traffic: ports(1, next) },
  ];
  if (index % 25 === 0)
    wanted.push({ direction: 'egress', action: 'deny', peers: [prefixPeer('10.0.0.0/8', '10.99.0.0/16')], traffic: everything });
  const kind = index % 3 === 0 ? 'NetworkPolicy' : 'CiliumNetworkPolicy';
  return policy({ kind, namespace: place.namespace, name: `${app}-${index}` }, inNamespace(place, { app }), wanted);
}

/** Three kinds that nearly every namespace has: the baseline, observability, and traffic within the namespace. */
export function namespacePolicy(place: Place, which: number, next: Next): Policy {
  const names = ['baseline', 'observability', 'within'];
  const dns = labels({ namespace: 'kube-system' }, { 'k8s-app': 'kube-dns' });
  const kinds: Wanted[][] = [
    [
      { direction: 'egress', peers: [dns], traffic: [one(udp, 53), one(tcp, 53)] },
      { direction: 'egress', peers: [{ kind: 'labels', selector: reservedSelector('kube-apiserver') }], traffic: [one(tcp, 6443)] },
      { direction: 'ingress', peers: [{ kind: 'labels', selector: reservedSelector('health') }], traffic: everything },
    ],
    [
      { direction: 'ingress', peers: [teamPeer({ team: 'team0' }, 'worker')], traffic: [one(tcp, 9090), one(tcp, 9091)] },
      { direction: 'egress', peers: [teamPeer({ team: 'team0' }, 'events')], traffic: [one(tcp, 4317)] },
    ],
    [
      { direction: 'ingress', peers: [labels(place, {})], traffic: [one(tcp, 8080), one(tcp, 50000 + (next() % 1000))] },
      { direction: 'egress', peers: [labels(place, {})], traffic: [one(tcp, 8080), { protocol: tcp, ports: { first: 9000, last: 9003 } }] },
    ],
  ];
  const ref: PolicyRef = { kind: 'CiliumNetworkPolicy', namespace: place.namespace, name: names[which % 3] as string };
  return policy(ref, inNamespace(place, {}), kinds[which % 3] as Wanted[]);
}

/** What the platform says of one app name in all namespaces. */
export function clusterPolicy(index: number, next: Next): Policy {
  const app = pick(appNames, next);
  const quarantined = makeSelector([cluster, exact('any', 'tier', 'quarantine')]);
  return policy(
    { kind: 'CiliumClusterwideNetworkPolicy', namespace: undefined, name: `platform-${index}` },
    makeSelector([cluster, exact('any', 'app', app)]),
    [
      { direction: 'ingress', peers: [teamPeer({ team: 'team3' }, 'gateway')], traffic: [one(tcp, portNumbers[index % 10] as number)] },
      { direction: 'ingress', action: 'deny', peers: [{ kind: 'labels', selector: quarantined }], traffic: everything },
    ],
  );
}

function policy(ref: PolicyRef, subject: Selector, wanted: readonly Wanted[]): Policy {
  const counts = new Map<string, number>();
  const rules = wanted.map(({ direction, action, peers, traffic }): Rule => {
    const field = action === 'deny' ? `${direction}Deny` : direction;
    const count = counts.get(field) ?? 0;
    counts.set(field, count + 1);
    return { policy: ref, path: `spec.${field}[${count}]`, direction, action: action ?? 'allow', peers, traffic };
  });
  const enforces: Section['enforces'] = {
    ...(rules.some(({ direction }) => direction === 'ingress') && { ingress: { defaultDeny: true } }),
    ...(rules.some(({ direction }) => direction === 'egress') && { egress: { defaultDeny: true } }),
  };
  return { ref, sections: [{ path: 'spec', subject, enforces, rules }] };
}

function appPeers(place: Place, most: number, next: Next): Peer[] {
  return Array.from({ length: 1 + (next() % most) }, () => {
    const app = pick(appNames, next);
    return next() % 4 === 0 ? labels(place, { app, version: `v${next() % 4}` }) : labels(place, { app });
  });
}

/** Where an app calls out to: prefixes, names, the world, or the pods of another namespace. */
function outsidePeers(index: number, next: Next): Peer[] {
  const kind = index % 8;
  if (kind === 0 || kind === 6) return [prefixPeer(pick(prefixTexts, next)), prefixPeer('198.18.0.0/20', '198.18.7.0/24')];
  if (kind === 1 || kind === 4) return [{ kind: 'name', name: pick(nameSelectors, next) }];
  if (kind === 2) return ['world', 'world-ipv4', 'world-ipv6'].map((name): Peer => ({ kind: 'labels', selector: reservedSelector(name) }));
  return [labels({ namespace: 'team0-web' }, { app: pick(appNames, next) })];
}

function webTraffic(index: number, next: Next): Traffic[] {
  if (index % 10 === 0) return [{ ...one(tcp, 80), layer7: { kind: 'http', field: 'spec.ingress[1].toPorts[0].rules.http' } }];
  if (index % 10 === 1) return [{ protocol: tcp, ports: { name: 'http' } }];
  return ports(1, next);
}

const everything: readonly Traffic[] = [{ protocol: undefined, ports: { first: 0, last: 65535 } }];
const cluster = exact('k8s', 'io.cilium.k8s.policy.cluster', 'default');

function one(protocol: number, port: number): Traffic {
  return { protocol, ports: { first: port, last: port } };
}

function ports(most: number, next: Next): Traffic[] {
  return Array.from({ length: 1 + (next() % most) }, () => one(tcp, pick(portNumbers, next)));
}

function labels({ namespace }: Pick<Place, 'namespace'>, wanted: Record<string, string>): Peer {
  return { kind: 'labels', selector: inNamespace({ namespace }, wanted) };
}

function teamPeer({ team }: Pick<Place, 'team'>, app: string): Peer {
  const requirements = [cluster, exact('k8s', 'io.cilium.k8s.namespace.labels.team', team), exact('any', 'app', app)];
  return { kind: 'labels', selector: makeSelector(requirements) };
}

function inNamespace({ namespace }: Pick<Place, 'namespace'>, wanted: Record<string, string>): Selector {
  const own = Object.entries(wanted).map(([key, value]) => exact('any', key, value));
  return makeSelector([cluster, exact('k8s', 'io.kubernetes.pod.namespace', namespace), ...own]);
}

function reservedSelector(name: string): Selector {
  return makeSelector([{ source: 'reserved', key: name, operator: 'Exists', values: [] }]);
}

function prefixPeer(text: string, ...except: string[]): Peer {
  return { kind: 'prefix', prefix: parsePrefix(text), except: except.map(parsePrefix) };
}

function nameSelector(kind: 'name' | 'pattern', value: string): NameSelector {
  return { kind, value, text: `${kind}:${value}` };
}

function exact(source: string, key: string, value: string): Requirement {
  return { source, key, operator: 'In', values: [value] };
}

function pick<T>(choices: readonly T[], next: Next): T {
  return choices[next() % choices.length] as T;
}
